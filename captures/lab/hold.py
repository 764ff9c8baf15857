"""hold.py READY-FILE SERVER SESSIONS SECONDS FILE: clients that hold passive ports.

Each session logs in, asks for a passive port, connects to it, and only SECONDS later fetches
FILE. Until then the server still listens on that port: it is neither free nor in use. READY-FILE
is made when all sessions hold their port.
"""

import ftplib
import pathlib
import socket
import sys
import time

ready, server, sessions, seconds, name = sys.argv[1:]

held = []
for _ in range(int(sessions)):
    control = ftplib.FTP(server, timeout=20)
    control.login()
    address, port = control.makepasv()
    held.append((control, socket.create_connection((address, port), timeout=20)))
pathlib.Path(ready).touch()
time.sleep(float(seconds))

for control, data in held:
    control.putcmd(f"RETR {name}")
    while data.recv(4096):
        pass
    data.close()
    control.getresp()  # 150
    control.getresp()  # 226
    control.quit()
