"""FTP clients that say and transfer this and that, and keep what they did.

Arguments: CLIENT SERVER SEED FOLDER. Writes `truth.json`: of each session its port, whether it came to
its end, and of each announcement who made it, its port, whether a data connection was made, the
transfer, the code of the reply to it, and the bytes each way where they are certain.
"""
import ftplib
import json
import pathlib
import random
import socket
import sys
import threading

client, server, seed, folder = sys.argv[1:5]
IDLE = ["NOOP", "PWD", "SYST", "CWD /up", "SIZE /f700", "STAT", "FEAT", "HELP", "X" * 200]
TRANSFERS = ["RETR /f0", "RETR /f1", "RETR /f700", "RETR /f5000", "RETR /f60000", "LIST /", "NLST /"]
SECONDS = 40
THREADS, SESSIONS_EACH = 4, 5
sessions = []


class Session:
    def __init__(self, number):
        self.number = number
        self.dice = random.Random(f"{seed} {number}")
        self.told = {"port": 20000 + number, "isWhole": False, "channels": []}
        sessions.append(self.told)

    def run(self):
        self.ftp = ftplib.FTP(timeout=SECONDS)
        self.ftp.connect(server, 21, source_address=(client, self.told["port"]))
        self.ftp.login("anonymous", f"word-{seed}")
        self.ftp.sendcmd("TYPE I")
        for _ in range(self.dice.randrange(1, 8)):
            self.dice.choice([self.idle, self.offer_in_vain, self.transfer, self.transfer])()
        if self.dice.random() < 0.7:
            self.ftp.quit()
        self.ftp.close()
        self.told["isWhole"] = True

    def idle(self):
        try:
            self.ftp.sendcmd(self.dice.choice(IDLE))
        except ftplib.error_perm:
            pass

    def offer_in_vain(self):
        listener = self.offer()[1]
        if listener:
            listener.close()

    def offer(self):
        """A new channel, and who listens for it at the client."""
        command = self.dice.choice(["EPSV", "EPRT"] if ":" in server else ["PASV", "EPSV", "PORT"])
        listener = None
        if command == "PASV":
            port = ftplib.parse227(self.ftp.sendcmd(command))[1]
        elif command == "EPSV":
            port = ftplib.parse229(self.ftp.sendcmd(command), self.ftp.sock.getpeername())[1]
        else:
            listener = socket.create_server((client, 0), family=self.ftp.af)
            listener.settimeout(SECONDS)
            port = listener.getsockname()[1]
            send = self.ftp.sendport if command == "PORT" else self.ftp.sendeprt
            send(client, port)
        names = {"PASV": "227", "EPSV": "229"}
        channel = {"announcedBy": names.get(command, command), "port": port, "isUsed": False}
        self.told["channels"].append(channel)
        return channel, listener

    def transfer(self):
        channel, listener = self.offer()
        data, is_early = None, self.dice.random() < 0.5
        upload = f"STOR /up/{seed}-{self.number}-{len(self.told['channels'])}"
        channel["transfer"] = self.dice.choice(TRANSFERS + [upload])
        if not listener and is_early:
            data = self.connect(channel)
        self.ftp.putcmd(channel["transfer"])
        if not listener and not is_early:
            data = self.connect(channel)
        self.ftp.getresp()
        if listener:
            data = listener.accept()[0]
            listener.close()
            data.settimeout(SECONDS)
        channel["isUsed"] = True
        channel["toServer"] = channel["toClient"] = 0
        if channel["transfer"] == upload:
            channel["toServer"] = self.dice.choice([0, 1, 900, 30000])
            data.sendall(b"z" * channel["toServer"])
        else:
            while received := data.recv(8192):
                channel["toClient"] += len(received)
        data.close()
        channel["reply"] = int(self.ftp.getmultiline()[:3])

    def connect(self, channel):
        return socket.create_connection((server, channel["port"]), timeout=SECONDS)


def work(thread):
    for each in range(SESSIONS_EACH):
        try:
            Session(thread * SESSIONS_EACH + each).run()
        except (OSError, EOFError, ftplib.Error) as error:
            print(f"a session did not come to its end: {error}", file=sys.stderr)


threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
pathlib.Path(folder, "truth.json").write_text(json.dumps(sessions))
