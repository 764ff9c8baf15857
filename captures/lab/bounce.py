"""bounce.py SERVER THIRD-ADDRESS FILE: a client that has FILE sent to a third host.

It names an endpoint of that host in its PORT command. The third host is played here too: it must be
an address of this machine, or nobody listens there.
"""

import ftplib
import socket
import sys

server, third, name = sys.argv[1:]

listener = socket.create_server((third, 2500))
listener.settimeout(5)
control = ftplib.FTP(server, timeout=10)
control.login()
control.sendport(third, 2500)
control.putcmd(f"RETR {name}")
data, _ = listener.accept()
while data.recv(4096):
    pass
data.close()
control.getresp()  # 150
control.getresp()  # 226
control.quit()
