"""Opens TCP connections and says which were answered.

Each argument is SOURCE:DESTINATION:PORT. A refusal (RST) or a connection
means that the SYN came through; silence means that it was dropped.
"""
import errno
import select
import socket
import sys
import time

probes = sys.argv[1:]
waiting, answered = {}, {}
for probe in probes:
    source, destination, port = probe.split(":")
    end = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    end.setblocking(False)
    end.bind((source, 0))
    code = end.connect_ex((destination, int(port)))
    if code in (0, errno.ECONNREFUSED):
        answered[probe] = True
    else:
        waiting[end.fileno()] = (probe, end)
poll = select.poll()
for number in waiting:
    poll.register(number, select.POLLOUT)
until = time.monotonic() + 0.4
while waiting and time.monotonic() < until:
    for number, _ in poll.poll(50):
        poll.unregister(number)
        probe, end = waiting.pop(number)
        code = end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        answered[probe] = code in (0, errno.ECONNREFUSED)
for probe in probes:
    print(probe, "answered" if answered.get(probe) else "silent")
