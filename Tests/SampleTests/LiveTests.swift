import Foundation
import Testing

/// A real server, a real firewall and a real client around `pinhole monitor`.
@Suite struct LiveTests {
    @Test func `the monitor tells findings on a live interface`() throws {
        let script = Pinhole.root.appending(path: "captures/lab/live")
        let run = try Pinhole.run(
            [], program: script, environment: ["PINHOLE": Pinhole.binary.path])
        if run.code == 77 {
            print("skipped: \(run.complaints)")
            return
        }
        #expect(run.code == 0, "\(run.complaints)")
        #expect(run.output.contains("\"rule\":\"PH304\""))
    }

    @Test func `a reload that comes while the site is read ends nothing`() throws {
        let script = """
            folder=$(mktemp -d)
            trap 'rm -r $folder' EXIT
            mkfifo $folder/site
            "$PINHOLE" monitor --quiet --interface pinhole-none --site $folder/site &
            sleep 1
            kill -HUP $!
            sleep 0.2
            kill -0 $! && echo 'pinhole: 1' >$folder/site
            wait $!
            """
        let run = try Pinhole.run(
            ["-c", script], program: URL(filePath: "/bin/sh"),
            environment: ["PINHOLE": Pinhole.binary.path])
        #expect(run.code == 2, "\(run.complaints)")
        #expect(run.complaints.contains("pinhole-none"), "\(run.complaints)")
    }

    /// A script that calls the monitor with a site of no servers; nil where it may make no namespace.
    private static func monitor(_ script: String) throws -> Pinhole.Result? {
        let run = try Pinhole.run(
            ["-c", script, "sh"], site: "pinhole: 1\nservers: []\n",
            program: URL(filePath: "/bin/sh"), environment: ["PINHOLE": Pinhole.binary.path])
        guard run.code == 77 else { return run }
        print("skipped: network namespaces are not permitted here")
        return nil
    }

    @Test func `a site whose servers were all lost to a typo doesn't come into force`() throws {
        let script = """
            space=pinhole-typo-$$
            ip netns add $space 2>/dev/null || exit 77
            folder=$(mktemp -d)
            trap 'rm -r $folder; ip netns delete $space' EXIT
            ip -n $space link set lo up
            echo '{pinhole: 1, servers: [{name: a, address: 192.0.2.1}]}' >$folder/site
            ip netns exec $space "$PINHOLE" monitor --quiet --interface lo --site $folder/site &
            sleep 1
            sed -i s/address/adress/ $folder/site
            kill -HUP $!
            sleep 1.5
            kill -TERM $!
            wait $!
            "$PINHOLE" monitor --quiet --interface pinhole-none --site $folder/site
            """
        guard let run = try Self.monitor(script) else { return }
        #expect(run.output.contains("\"in_force\":false"), "\(run.output)")
        #expect(run.code == 2)
        #expect(run.complaints.contains("site: it names no server that could be taken"))
        #expect(!run.complaints.contains("pinhole-none"), "\(run.complaints)")
    }

    @Test func `an interface that is named twice is listened to once`() throws {
        let script = """
            space=pinhole-twice-$$
            ip netns add $space 2>/dev/null || exit 77
            trap 'ip netns delete $space' EXIT
            ip -n $space link set lo up
            ip netns exec $space timeout -k 1 1 "$PINHOLE" monitor \
                --interface lo --interface lo "$@" || true
            """
        guard let run = try Self.monitor(script) else { return }
        #expect(run.complaints.contains("listening on lo; "), "\(run.complaints)")
    }

    /// One of two interfaces, while the other has frames.
    @Test(arguments: ["link set span0 down", "link delete span0"])
    func `an interface that goes ends the monitor, and the summary comes before`(
        _ how: String
    ) throws {
        let script = """
            space=pinhole-down-$$
            ip netns add $space 2>/dev/null || exit 77
            trap 'ip netns delete $space' EXIT
            for n in 0 1; do
                ip -n $space link add span$n type veth peer name sender$n
                ip -n $space link set span$n up
                ip -n $space link set sender$n up
            done
            (sleep 2; ip -n $space \(how)) &
            ip netns exec $space ping -q -f -c 100000 -w 6 -I sender1 ff02::2 >/dev/null 2>&1 &
            ip netns exec $space timeout -k 1 8 "$PINHOLE" monitor --quiet \
                --interface span0 --interface span1 "$@"
            """
        guard let run = try Self.monitor(script) else { return }
        #expect(run.code == 3, "\(run.complaints)")
        #expect(run.output.split(separator: "\n").last?.contains("\"summary\"") == true)
        #expect(run.complaints.contains("span0: cannot listen any more"), "\(run.complaints)")
    }
}

/// The HTML report in a real browser.
@Suite struct BrowserTests {
    static let browser = ["chromium", "chromium-browser", "google-chrome"].first(where: Pinhole.has)

    @Test(arguments: [1400, 820, 390])
    func `the report fits its window`(_ width: Int) throws {
        guard let browser = Self.browser else {
            print("skipped: no chromium here; `make setup-lab` installs it")
            return
        }
        let report = Pinhole.root.appending(path: "reports/samples/pinhole-report.html")
        // A frame of the wanted width: headless windows have a least width of their own.
        let page = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-page-\(UUID().uuidString).html")
        defer { try? FileManager.default.removeItem(at: page) }
        let source = try String(contentsOf: report, encoding: .utf8)
        let probe = """
            <script>addEventListener('load', () => {
              const page = document.documentElement;
              document.title = 'overflow ' + (page.scrollWidth - page.clientWidth)
                + ' sections ' + document.querySelectorAll('section').length;
            });</script></body>
            """
        try Data(source.replacingOccurrences(of: "</body>", with: probe).utf8).write(to: page)
        let run = try Pinhole.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                "--window-size=\(width),1000", page.absoluteString,
            ], program: URL(filePath: "/usr/bin/env"))
        #expect(run.output.contains("<title>overflow 0 sections"), "\(run.output.prefix(300))")
    }
}
