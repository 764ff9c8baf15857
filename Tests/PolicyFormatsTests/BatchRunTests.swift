import Net
import Policy
import Testing

@testable import PolicyFormats
@testable import WindowsFormats

@Suite struct BatchRunTests {
    private static func add(_ port: String) -> String {
        "netsh firewall add portopening TCP \(port) \"FTP \(port)\""
    }

    @Test func `runs a loop made of goto to its end`() {
        let it = WindowsVerdicts([
            "@echo off", "set /a port=5001", ":loop", "if %port% GTR 5201 goto done",
            Self.add("%port%"), "set /a port+=1", "goto loop", ":done", Self.add("21"),
        ])
        #expect(it.permitted == "21,5001-5201")
        #expect(it.unknown == "")
        #expect(it.states.allSatisfy { $0 == .used || $0 == .irrelevant })
    }

    @Test func `a loop that counts before it opens begins one too high`() {
        let it = WindowsVerdicts([
            "set port=5001", ":next", "set /a port=port+1", Self.add("%port%"),
            "if not %port%==5008 goto next",
        ])
        #expect(it.permitted == "5002-5008")
    }

    @Test(arguments: [
        ("if 1==1 goto skip", "21"), ("if 1==2 goto skip", "20-21"), ("goto skip", "21"),
        ("if /i A==a goto skip", "21"), ("if not A==a goto skip", "21"),
        ("if 10 GTR 9 goto skip", "21"), ("if \"10\" GTR \"9\" goto skip", "20-21"),
        ("if 0x10 EQU 16 (goto skip) else rem", "21"), ("if 3 LEQ 2 (rem) else goto :skip", "21"),
        ("set x=1& if defined x goto skip", "21"), ("set x=& if defined x goto skip", "20-21"),
        ("for %%i in (a b) do goto skip", "21"), ("goto SKIP & rem", "21"),
    ])
    func `a jump that is decided leaves out the lines between`(_ line: String, _ open: String) {
        let it = WindowsVerdicts([line, Self.add("20"), ":skip", Self.add("21")])
        #expect(it.permitted == open)
        #expect(it.unknown == "")
    }

    @Test(arguments: [
        "if errorlevel 1 goto skip", "if not exist c:\\ftp goto skip", "if \"%1\"==\"\" goto skip",
        "if %errorlevel% NEQ 0 goto skip", "if defined OPENED goto skip",
        "net start x || goto skip",
        "net session >nul 2>&1 && goto skip", "set /p x=? & if %x%==1 goto skip",
        "for /f %%i in ('ver') do goto skip", "if exist *.bak goto skip",
    ])
    func `a jump that isn't decided makes the lines between unknown`(_ line: String) {
        let it = WindowsVerdicts([line, Self.add("20"), ":skip", Self.add("21")])
        #expect(it.permitted == "21")
        #expect(it.unknown == "20")
        #expect(it.state(2) == .notModelled)
        #expect(it.why(2).hasPrefix("it may not run: line 1: "))
        #expect(it.state(4) == .used)
    }

    @Test(arguments: ["exit", "exit /b 0", "goto :eof", "goto nowhere"])
    func `nothing behind an exit runs`(_ line: String) {
        let it = WindowsVerdicts([Self.add("21"), line, Self.add("22")])
        #expect(it.permitted == "21")
        #expect(it.unknown == "")
        #expect(it.why(3) == "the script never comes here")
    }

    @Test func `an exit that may come leaves the rest unknown`() {
        let it = WindowsVerdicts([
            Self.add("21"), "if errorlevel 1 (", "  echo failed", "  exit /b 1", ")",
            Self.add("22"), "netsh firewall delete portopening TCP 21",
        ])
        #expect(it.permitted == "")
        #expect(it.unknown == "21-22")
        #expect(it.why(6).contains("errorlevel 1 isn't known"))
    }

    @Test func `both ways of a condition agree on what they both open`() {
        let it = WindowsVerdicts([
            "if exist %1 (", "  \(Self.add("21"))", "  \(Self.add("990"))", ") else (",
            "  \(Self.add("21"))", ")", Self.add("5001"),
        ])
        #expect(it.permitted == "21,5001")
        #expect(it.unknown == "990")
        #expect(it.states.suffix(2) == [.irrelevant, .used])
    }

    @Test func `opening what may be open already is certain`() {
        let it = WindowsVerdicts(["if exist x \(Self.add("21"))", Self.add("21")])
        #expect(it.permitted == "21")
    }

    @Test func `taking away what is open, under a condition, is unknown`() {
        let it = WindowsVerdicts([
            Self.add("21"), "if exist x netsh firewall delete portopening TCP 21",
        ])
        #expect(it.permitted == "")
        #expect(it.unknown == "21")
    }

    @Test func `a block reads its variables before it runs`() {
        let it = WindowsVerdicts([
            "set p=5001", "if 1==1 (", "  set p=5002", "  \(Self.add("%p%"))", ")",
            Self.add("%p%"),
        ])
        #expect(it.permitted == "5001-5002")
        let late = WindowsVerdicts([
            "setlocal enabledelayedexpansion", "set p=5001", "for /l %%i in (1,1,3) do (",
            "  \(Self.add("!p!"))", "  set /a p+=10", ")",
        ])
        #expect(late.permitted == "5001,5011,5021")
    }

    @Test func `counts in a loop over lines, and in loops within each other`() {
        let it = WindowsVerdicts([
            "for /L %%i in (5001,1,5003) do (", "  for %%p in (0 10) do (",
            "    set /a x=%%i+%%p", "    call :open %%i %%p", "  )", ")", "goto :eof", ":open",
            "set /a x=%1+%2", Self.add("%x%"), "exit /b",
        ])
        #expect(it.permitted == "5001-5003,5011-5013")
        #expect(it.unknown == "")
    }

    @Test func `a called part sees its arguments and comes back`() {
        let it = WindowsVerdicts([
            "call :open 5001 5003", "call :open 6000 6000", Self.add("21"), "exit /b", ":open",
            "setlocal", "for /l %%i in (%1,1,%2) do \(Self.add("%%i"))", "endlocal", "goto :eof",
        ])
        #expect(it.permitted == "21,5001-5003,6000")
    }

    @Test func `a port that isn't told may be any`() {
        let it = WindowsVerdicts([Self.add("21"), Self.add("%1")])
        #expect(it.permitted == "21")
        #expect(it.unknown == "1-20,22-65535")
        #expect(it.why(2) == "it depends on %1, which isn't known")
        let loop = WindowsVerdicts(["for /f %%i in (ports.txt) do \(Self.add("%%i"))"])
        #expect(loop.unknown == "1-65535")
    }

    @Test func `a loop that isn't known to end opens what it may`() {
        let it = WindowsVerdicts([
            "set p=5001", ":again", Self.add("%p%"), "set /a p+=1", "if exist more goto again",
        ])
        #expect(it.permitted == "")
        #expect(it.unknown == "1-65535")
    }

    @Test func `a loop that may stop at every turn opens what it counts, perhaps`() {
        let it = WindowsVerdicts([
            Self.add("21"), "for /l %%i in (5001,1,5201) do (", "  \(Self.add("%%i"))",
            "  if errorlevel 1 goto failed", ")", "exit /b 0", ":failed", "echo failed",
        ])
        #expect(it.permitted == "21,5001")
        #expect(it.unknown == "5002-5201")
    }

    @Test func `another interpreter's blocks aren't taken for cmd's`() {
        let it = WindowsVerdicts([
            "foreach ($p in 5001..5201) { netsh firewall add portopening TCP $p x }"
        ])
        #expect(it.unknown == "1-65535")
    }

    @Test func `waiting until something works changes nothing`() {
        let it = WindowsVerdicts([
            ":again", "net start msftpsvc", "if errorlevel 1 goto again", Self.add("21"),
        ])
        #expect(it.permitted == "21")
        #expect(it.unknown == "")
        #expect(it.state(4) == .used)
    }

    @Test func `a menu opens what may be chosen`() {
        let it = WindowsVerdicts([
            ":menu", "set /p c=Which? ", "if \"%c%\"==\"1\" goto one", "if \"%c%\"==\"2\" goto end",
            "goto menu", ":one", Self.add("21"), "goto menu", ":end", Self.add("5001"),
        ])
        #expect(it.unknown.contains("21"))
        #expect(it.ports(.denied).contains("22"))
    }

    @Test func `a script without end is followed for so long`() {
        let text = ConfigText(file: "a.cmd", "set x=0\n:a\nset /a x+=1\ngoto a\n")
        let read = WindowsScript.read(text, as: "script", steps: 1000)
        #expect(read.notes.contains { $0.why == "followed for 1000 commands only" })
        let calls = WindowsVerdicts([":a", "call :a", Self.add("21")])
        #expect(calls.permitted == "")
    }

    @Test(arguments: [
        ["if 1==1 ", ""], ["if exist x ", ""], ["for %%i in (1) do ", ""], ["(", ")"],
        ["x || ", ""],
    ])
    func `blocks and calls within each other have an end`(_ wrap: [String]) {
        let deep =
            String(repeating: wrap[0], count: 90) + "call :a"
            + String(repeating: wrap[1], count: 90)
        let it = WindowsVerdicts([":a", deep, Self.add("21")])
        #expect(it.states.contains(.notModelled))
        #expect(it.permitted == "")
        #expect(it.unknown == "1-65535")
    }

    @Test(arguments: [
        "for /l %%i in (1,1,99999) do for /l %%j in (1,1,99999) do (\n)",
        "for /l %%i in (1,1,2147483647) do rem", "set x=a\n:l\nset x=%x%%x%\ngoto l",
        "cmd /c cmd /c call call :a\n:a\ncall :a",
    ])
    func `loops that do nothing have an end`(_ text: String) {
        let it = WindowsVerdicts(text + "\n" + Self.add("21"))
        #expect(it.permitted == "")
        #expect(it.unknown == "1-65535")
    }

    @Test func `a block that isn't closed isn't run`() {
        let it = WindowsVerdicts(["if 1==1 (", Self.add("21")])
        #expect(it.permitted == "")
        #expect(it.state(1) == .invalid)
    }

    @Test func `signs within quotation marks part nothing`() {
        let it = WindowsVerdicts([
            "netsh firewall add portopening TCP 21 \"FTP (a & b) > c\" > nul 2>&1",
            "netsh firewall add portopening ^", "  TCP 22 \"x\" & \(Self.add("23"))",
        ])
        #expect(it.permitted == "21-23")
    }

    @Test func `scripts that it calls may open anything`() {
        let it = WindowsVerdicts([Self.add("21"), "call other.bat"])
        #expect(it.permitted == "21")
        #expect(it.unknown == "1-20,22-65535")
    }

    @Test(arguments: [
        "cmd /c \"netsh firewall add portopening TCP 21 FTP\"",
        "call netsh firewall add portopening TCP 21 FTP",
        "start /wait netsh firewall add portopening TCP 21 FTP",
        "echo y | netsh firewall add portopening TCP 21 FTP",
        "%windir%\\system32\\netsh.exe firewall add portopening TCP 21 FTP",
        "netsh -c firewall add portopening TCP 21 FTP",
    ])
    func `a command within a command runs`(_ line: String) {
        #expect(WindowsVerdicts([line, "netsh firewall set opmode ENABLE"]).permitted == "21")
    }

    @Test func `the head of a block is used, and says what its only command does`() {
        let it = WindowsVerdicts([
            "for /l %%i in (1,1,3) do (", Self.add("%%i"), ")", "if 1==1 \(Self.add("99999"))",
            "for %%i in (7) do \(Self.add("%%i-9"))", "if 1==2 \(Self.add("22"))",
        ])
        #expect(it.states == [.used, .used, .irrelevant, .invalid, .invalid, .used])
    }

    @Test func `no broken script makes it stumble`() {
        let text = """
            setlocal enabledelayedexpansion
            set /a p=(1+2)*3 & set q=%p:~0,1%
            :loop
            if !p! GEQ 12 (goto done) else if exist x exit /b
            netsh firewall add portopening TCP %p% "FTP %~1" > nul 2>&1
            for /l %%i in (1,1,3) do ( call :x %%i || set /a p+=%%i )
            goto loop
            :x
            netsh advfirewall firewall add rule name=a dir=in action=allow protocol=TCP localport=%1
            exit /b
            :done
            """
        WindowsVerdicts.batter(NetshFirewallScript.self, text, step: 3, broken: 150)
    }
}
