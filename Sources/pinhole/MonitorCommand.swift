import Analyzer
import ArgumentParser
import Dispatch
import Foundation
import LiveCapture
import Monitor
import Net
import Policy
import Synchronization

/// `pinhole monitor`: the same audit on live interfaces.
struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Watch interfaces (a SPAN port) and tell findings as they are certain.",
        discussion: """
            One JSON object a line on standard output. SIGINT and SIGTERM end it with a summary; \
            SIGHUP has it read the site anew. It needs the right to capture: root, or CAP_NET_RAW.
            """)

    @Option(help: "An interface to listen on; may be given several times.")
    var interface: [String]

    @Option(help: "The site file.") var site: String

    @Option(help: "A libpcap filter: only these frames are read.") var filter: String?

    @Option(
        help: ArgumentHelp(
            "Exit with 1 where a finding was at least this severe.", valueName: "severity"))
    var failOn: String = "never"

    @OptionGroup var bounds: LimitOptions

    @OptionGroup var saying: OutputOptions

    mutating func validate() {
        // What is listened to twice would be counted twice.
        var seen: Set<String> = []
        interface.removeAll { !seen.insert($0).inserted }
    }

    func run() throws {
        // First of all: by itself it would end the program.
        let reload = CaughtSignals([SIGHUP])
        let threshold = try Failure.orExit { () throws(Failure) in
            try ResultOptions.threshold(failOn)
        }
        let loaded = try Failure.orExit { () throws(Failure) in try LoadedSite(path: site) }
        for problem in loaded.problems { Complaints.say(problem) }
        let taken = try Failure.orExit { () throws(Failure) in
            try loaded.withServers(from: site)
        }
        let limits = try Failure.orExit { () throws(Failure) in try bounds.limits(loaded.site) }
        let source = try Failure.orExit { () throws(Failure) in try open() }
        let stop = CaughtSignals([SIGINT, SIGTERM])
        saying.tell("listening on \(interface.joined(separator: ", ")); Ctrl-C ends")
        let monitor = Monitor(
            names: interface, meant: Self.meant(taken), limits: limits, emit: { Self.emit($0) })
        let problems = monitor.run(
            source, now: { Clock.now() }, until: { [flag = stop.flag] in flag.isRaised },
            reloading: { reload.flag.take() }, by: { [site] in Self.load(site) })
        for problem in problems { Complaints.say("\(problem)") }
        saying.tell("ended; findings: \(monitor.findings)")
        if let threshold, let worst = monitor.worst, worst >= threshold { throw Exit.findings }
        if !problems.isEmpty { throw Exit.partly }
    }

    private static func meant(_ loaded: LoadedSite) -> Monitor.Meant {
        let fixers = Fixers(loaded.site.hops)
        return Monitor.Meant(site: loaded.site, problems: loaded.problems) { fixers.fixes($0, $1) }
    }

    private static func load(_ site: String) -> sending Result<Monitor.Meant, Monitor.LoadFailure> {
        do throws(Failure) {
            let loaded = try LoadedSite(path: site)
            for problem in loaded.problems { Complaints.say(problem) }
            return .success(meant(try loaded.withServers(from: site)))
        } catch {
            Complaints.say("\(error)")
            return .failure(Monitor.LoadFailure("\(error)"))
        }
    }

    private static func emit(_ event: String) {
        do throws(Failure) {
            try Results.write(event + "\n")
        } catch {
            Complaints.say("\(error)")
            exit(withError: Exit.unusable)
        }
    }

    private func open() throws(Failure) -> LiveInterfaces {
        do {
            return try LiveInterfaces(interface, filter: filter)
        } catch {
            throw .unusable("\(error)")
        }
    }
}

/// Signals that do nothing but raise a flag.
final class CaughtSignals {
    let flag: Flag
    private let sources: [any DispatchSourceSignal]

    init(_ numbers: [Int32]) {
        let flag = Flag()
        self.flag = flag
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { flag.raise() }
            source.resume()
            return source
        }
    }

    final class Flag: Sendable {
        private let raised = Atomic(false)

        func raise() { raised.store(true, ordering: .releasing) }
        var isRaised: Bool { raised.load(ordering: .acquiring) }
        /// Whether it was raised; it no longer is.
        func take() -> Bool { raised.exchange(false, ordering: .acquiringAndReleasing) }
    }
}
