"""Logs in at an FTP server, has it announce a data port, and tries the port.

Arguments: SOURCE SERVER PORT COMMAND [tls]. Prints `control silent` where the
server can't be reached; else `announced PORT answered` or `announced PORT
silent`, and the same of a port that was not announced, as `other PORT …`.
"""
import errno
import re
import select
import socket
import ssl
import sys
import time

source, server, port, command = sys.argv[1:5]


def connect(*numbers, wait=0.2):
    """Those that were answered: ends and error numbers, by port."""
    poll, waiting, answered = select.poll(), {}, {}
    for number in numbers:
        end = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        end.setblocking(False)
        end.bind((source, 0))
        end.connect_ex((server, number))
        poll.register(end, select.POLLOUT)
        waiting[end.fileno()] = (number, end)
    while waiting:
        events = poll.poll(wait * 1000)
        if not events:
            break
        for found, _ in events:
            poll.unregister(found)
            number, end = waiting.pop(found)
            code = end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code in (0, errno.ECONNREFUSED):
                answered[number] = (end, code)
    return answered


def reply():
    while True:
        line = control.readline().decode()
        if re.match(r"\d{3} ", line):
            return line
        if not line:
            sys.exit("the server hung up")


def say(line):
    control.write(line.encode() + b"\r\n")
    control.flush()
    return reply()


# The server may still be starting.
for _ in range(50):
    end, code = connect(int(port), wait=3).get(int(port), (None, 0))
    if code == 0:
        break
    time.sleep(0.1)
if end is None:
    print("control silent")
    sys.exit()
end.settimeout(10)
control = end.makefile("rwb")
reply()
if sys.argv[5:] == ["tls"]:
    if not say("AUTH TLS").startswith("234"):
        sys.exit("no TLS")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    end = context.wrap_socket(end)
    control = end.makefile("rwb")
say("USER anonymous")
answer = say(command)
if command == "EPSV":
    announced = int(re.search(r"\|(\d+)\|", answer).group(1))
else:
    numbers = re.search(r"\((.*)\)", answer).group(1).split(",")
    announced = int(numbers[4]) * 256 + int(numbers[5])
answered = connect(announced ^ 1, announced)
for kind, number in (("other", announced ^ 1), ("announced", announced)):
    print(kind, number, "answered" if number in answered else "silent")
