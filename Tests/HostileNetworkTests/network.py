"""A vsftpd and its clients, with a network between that loses, doubles, delays and splits packets.

Arguments: FOLDER SEED VSFTPD. Leaves in the folder what was seen at either end, `client.pcap` and
`server.pcap`, and what the clients did, `truth.json`. Packets pass through this process: each end
has a TUN interface in a network namespace of its own.
"""
import ctypes
import fcntl
import heapq
import os
import pathlib
import random
import select
import struct
import subprocess
import sys
import time

folder, seed, vsftpd = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3]
dice = random.Random(seed)
IS_V6 = seed % 2 == 1
CLIENT, SERVER = ("2001:db8:1::10", "2001:db8:2::5") if IS_V6 else ("198.51.100.10", "203.0.113.5")
MTU = 1280 if IS_V6 else dice.choice([1500, 576, 160])
LOSS, DOUBLE, DELAY, LONG_DELAY, SPLIT = 0.04, 0.1, 0.1, 0.02, 0.3
SECONDS_AT_MOST = 100
NEWNET, TUNSETIFF, TUN_WITHOUT_HEADER = 0x40000000, 0x400454CA, 0x1001
libc = ctypes.CDLL(None, use_errno=True)


def run(*words):
    subprocess.run(words, check=True)


def enter(path):
    with open(path) as space:
        if libc.setns(space.fileno(), NEWNET) != 0:
            raise OSError(ctypes.get_errno(), path)


class End:
    """One end of the network: its namespace, its interface, and what passes there."""

    def __init__(self, name, address):
        self.space = f"pinhole-{name}-{os.getpid()}"
        run("ip", "netns", "add", self.space)
        enter(f"/var/run/netns/{self.space}")
        try:
            self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH22x", b"pin0", TUN_WITHOUT_HEADER))
        finally:
            enter(OWN)
        version = "-6" if IS_V6 else "-4"
        self.inside("ip", version, "addr", "add", f"{address}/{128 if IS_V6 else 32}", "dev", "pin0")
        self.inside("ip", "link", "set", "pin0", "up", "mtu", str(MTU))
        self.inside("ip", version, "route", "add", "default", "dev", "pin0")
        self.capture = open(folder / f"{name}.pcap", "wb")
        self.capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))

    def command(self, *words):
        return ["ip", "netns", "exec", self.space, *words]

    def inside(self, *words):
        run(*self.command(*words))

    def note(self, packet):
        now = time.time_ns() // 1000
        self.capture.write(
            struct.pack("<IIII", now // 10**6, now % 10**6, len(packet), len(packet)) + packet)

    def packets(self):
        for _ in range(32):
            try:
                packet = os.read(self.tun, 65535)
            except BlockingIOError:
                return
            if packet[0] >> 4 == (6 if IS_V6 else 4):
                yield packet

    def close(self):
        self.capture.close()
        os.close(self.tun)
        pids = subprocess.run(["ip", "netns", "pids", self.space], capture_output=True, text=True)
        for pid in pids.stdout.split():
            os.kill(int(pid), 9)
        run("ip", "netns", "del", self.space)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(packet, ip, tcp, skipped, data, flags):
    """The TCP segment of a packet again, with other bytes."""
    head, own = bytearray(packet[:ip]), bytearray(packet[ip:ip + tcp])
    sequence = struct.unpack("!I", own[4:8])[0] + skipped
    own[4:8], own[13], own[16:18] = struct.pack("!I", sequence & 0xFFFFFFFF), flags, b"\0\0"
    length = tcp + len(data)
    if IS_V6:
        head[4:6] = struct.pack("!H", length)
        pseudo = head[8:40] + struct.pack("!II", length, 6)
    else:
        head[2:4], head[10:12] = struct.pack("!H", ip + length), b"\0\0"
        head[10:12] = struct.pack("!H", checksum(bytes(head)))
        pseudo = head[12:20] + struct.pack("!HH", 6, length)
    own[16:18] = struct.pack("!H", checksum(bytes(pseudo + own) + data))
    return bytes(head + own) + data


def split(packet):
    """Two packets that may overlap, of one with a TCP segment; else the same."""
    ip = 40 if IS_V6 else (packet[0] & 15) * 4
    if packet[6 if IS_V6 else 9] != 6:
        return [packet]
    tcp, flags = (packet[ip + 12] >> 4) * 4, packet[ip + 13]
    data = packet[ip + tcp:]
    if len(data) < 2 or flags & 6:
        return [packet]
    first = dice.randrange(1, len(data))
    again = dice.choice([0, min(3, first)])
    return [
        segment(packet, ip, tcp, 0, data[:first], flags & ~9),
        segment(packet, ip, tcp, first - again, data[first - again:], flags),
    ]


def passed(packet):
    """What becomes of a packet: seconds of delay, and a packet."""
    if dice.random() < LOSS:
        return
    for part in split(packet) if dice.random() < SPLIT else [packet]:
        delay = 0.002
        if dice.random() < DELAY:
            delay += dice.random() * 0.02
        if dice.random() < LONG_DELAY:
            delay += dice.random() * 0.3
        yield delay, part
        if dice.random() < DOUBLE:
            yield delay + dice.choice([0, 0.001, 0.05]), part


def carry(ends, clients):
    """Carries packets until the clients are done, and a while more."""
    waiting, count, is_done = [], 0, False
    last = time.monotonic() + SECONDS_AT_MOST
    while time.monotonic() < last:
        if not is_done and clients.poll() is not None:
            is_done, last = True, min(last, time.monotonic() + 2.5)
        pause = max(0, min(0.05, waiting[0][0] - time.monotonic())) if waiting else 0.05
        ready = select.select([end.tun for end in ends], [], [], pause)[0]
        for end, other in (ends, ends[::-1]):
            for packet in end.packets() if end.tun in ready else []:
                end.note(packet)
                for delay, part in passed(packet):
                    count += 1
                    heapq.heappush(waiting, (time.monotonic() + delay, count, other, part))
        while waiting and waiting[0][0] <= time.monotonic():
            end, packet = heapq.heappop(waiting)[2:]
            end.note(packet)
            os.write(end.tun, packet)


def serve(end):
    root = folder / "root"
    (root / "up").mkdir(parents=True)
    (root / "up").chmod(0o777)
    for size in (0, 1, 700, 5000, 60000):
        (root / f"f{size}").write_bytes(b"x" * size)
    (folder / "vsftpd.conf").write_text("".join(f"{line}\n" for line in [
        "listen_ipv6=YES" if IS_V6 else "listen=YES", "background=NO", "seccomp_sandbox=NO",
        "isolate_network=NO", "anonymous_enable=YES", "ftp_username=daemon", "no_anon_password=YES",
        f"anon_root={root}", f"secure_chroot_dir={root}", "pasv_min_port=50000",
        "pasv_max_port=50999", "write_enable=YES", "anon_upload_enable=YES"]))
    return subprocess.Popen(end.command(vsftpd, str(folder / "vsftpd.conf")))


OWN = f"/proc/self/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}"
ends = []
try:
    for name, address in (("client", CLIENT), ("server", SERVER)):
        ends.append(End(name, address))
    serve(ends[1])
    time.sleep(0.5)
    script = pathlib.Path(__file__).with_name("clients.py")
    carry(tuple(ends), subprocess.Popen(
        ends[0].command("python3", str(script), CLIENT, SERVER, str(seed), str(folder))))
finally:
    for end in ends:
        end.close()
