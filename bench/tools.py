"""The programs that bench/run compares: how each is found, named and asked the same question."""
import os
import re
import shutil
import subprocess

here = os.path.dirname(os.path.abspath(__file__))

OTHER_PROTOCOLS = ("tls http http2 smtp ssh smb dcerpc krb5 ike snmp nfs tftp rdp rfb sip dhcp ntp mqtt modbus enip dnp3 "
                   "imap quic telnet pgsql bittorrent-dht").split()


class Missing(Exception):
    """Why a tool takes no part."""


class Tool:
    """One column of a comparison: `command(capture, folder)` runs in an empty folder of its own."""

    def __init__(self, name, command, version, slow=False, codes=(0,)):
        self.name, self.command, self.version, self.slow, self.codes = name, command, version, slow, codes


def said(*command):
    """What a program says of itself."""
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return answer.stdout


def number_in(text):
    found = re.search(r"\d+\.\d+(\.\d+)*", text)
    return found.group(0) if found else "version unknown"


def found(program, package):
    path = shutil.which(program)
    if not path:
        raise Missing(f"no {program} on the path ({package})")
    return path


def compiled(name, build, libraries=()):
    """A program of this folder, compiled when its source is newer."""
    source, program = f"{here}/{name}.c", os.path.join(build, name)
    if os.path.exists(program) and os.path.getmtime(program) > os.path.getmtime(source):
        return program
    compiler = next(filter(shutil.which, [os.environ.get("CC", "cc"), "cc", "clang"]), None)
    if not compiler:
        raise Missing("no C compiler (Debian: gcc libc6-dev)")
    os.makedirs(build, exist_ok=True)
    answer = subprocess.run([compiler, "-O2", "-o", program, source, *libraries], stderr=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise Missing(f"{name}.c does not compile here: {answer.stderr.strip().splitlines()[0]}")
    return program


def cat(_):
    return Tool("cat", lambda capture, folder: ["cat", capture], f"coreutils {number_in(said('cat', '--version'))}")


def libpcap(given):
    loop = compiled("pcap-loop", given.build, ["-lpcap"])
    return Tool("libpcap's empty loop", lambda capture, folder: [loop, capture], number_in(said(loop)))


def pinhole(given):
    if not os.access(given.pinhole, os.X_OK):
        raise Missing(f"no {given.pinhole} (make build)")
    return number_in(said(given.pinhole, "--version"))


def sessions(given):
    return Tool("pinhole sessions", lambda capture, folder: [given.pinhole, "sessions", "--format", "ndjson", capture],
                pinhole(given))


def audit(given):
    return Tool("pinhole audit", lambda capture, folder: [given.pinhole, "audit", "--passive-range", given.passive, capture],
                pinhole(given), codes=(0, 1))


def tcpflow(_):
    """Writes the two directions of every control connection to files."""
    path = found("tcpflow", "Debian: tcpflow")
    return Tool("tcpflow, port 21", lambda capture, folder: [path, "-r", capture, "-o", folder, "port", "21"],
                number_in(said(path, "--version")))


def suricata(_):
    """FTP alone, no rules."""
    path = found("suricata", "Debian 13 or backports: suricata")

    def command(capture, folder):
        lines = ["%YAML 1.1", "---", "vars:", "  address-groups:", "    HOME_NET: any", "    EXTERNAL_NET: any", "outputs:",
                 "  - eve-log:", "      enabled: yes", "      filetype: regular", "      filename: eve.json",
                 "      types:", "        - ftp", "        - ftp_data", "app-layer:", "  protocols:", "    ftp:",
                 "      enabled: yes", "    dns:", "      tcp:", "        enabled: no", "      udp:", "        enabled: no"]
        for protocol in OTHER_PROTOCOLS:
            lines += [f"    {protocol}:", "      enabled: no"]
        with open(os.path.join(folder, "suricata.yaml"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        return [path, "-c", f"{folder}/suricata.yaml", "-S", "/dev/null", "-k", "none", "-l", folder, "-r", capture]

    return Tool("Suricata, FTP only, no rules", command, number_in(said(path, "-V")), slow=True)


def ndpi(_):
    path = found("ndpiReader", "Debian: libndpi-bin")
    version = re.search(r"nDPI \(?([\d.]+)", said(path, "-h"))
    return Tool("nDPI's ndpiReader", lambda capture, folder: [path, "-i", capture],
                version.group(1) if version else "version unknown", slow=True)


def zeek(_):
    """Bare, with the FTP and connection logs."""
    path = found("zeek", "not in Debian; zeek.org has packages")
    command = [path, "-b", "-r"]
    return Tool("Zeek, FTP and connection logs",
                lambda capture, folder: command + [capture, "base/protocols/ftp", "base/protocols/conn"],
                number_in(said(path, "--version")), slow=True)


def tshark(_):
    path = found("tshark", "Debian: tshark")
    return Tool("tshark, one field",
                lambda capture, folder: [path, "-n", "-r", capture, "-Y", "ftp", "-T", "fields", "-e", "ftp.response.code"],
                number_in(said(path, "--version").split("TShark", 1)[-1]), slow=True)


ALL = {"cat": cat, "libpcap": libpcap, "sessions": sessions, "audit": audit, "tcpflow": tcpflow, "suricata": suricata,
       "ndpi": ndpi, "zeek": zeek, "tshark": tshark}
