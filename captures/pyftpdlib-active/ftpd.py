from pyftpdlib.authorizers import UnixAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

handler = FTPHandler
handler.authorizer = UnixAuthorizer(anonymous_user="ftp")
handler.passive_ports = range(50060, 50070)

server = FTPServer(("0.0.0.0", 21), handler)
server.serve_forever()
