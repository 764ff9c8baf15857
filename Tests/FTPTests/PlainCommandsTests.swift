import Dice
import Dialogue
import Testing

@testable import FTP

/// Commands and answers that tell nothing are taken in one step; a word that is not listed never is.
@Suite struct PlainCommandsTests {
    private static let codes = [
        "200", "202", "211", "213", "220", "225", "226", "227", "230", "250", "257", "331", "350",
        "421", "425", "500", "150", "120", "631",
    ]

    @Test(arguments: [UInt64(1), 20_261_122])
    func `tell as little as a word that is not listed`(_ seed: UInt64) throws {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        var spoken = 0
        for round in 0..<60 {
            let begin = [
                loggedIn, loggedIn + "C: AUTH GSSAPI\nS: 334 ok\n", loggedIn + "C: PASV\n",
                loggedIn + "C: RETR a\n",
            ]
            var script = begin[round % begin.count]
            for _ in 0..<40 {
                let commands = [
                    "NOOP", "NOOP", "NOOP", "PWD", "PASV", "RETR a", "USER b", "PASS c",
                ]
                if Bool.random(using: &dice) {
                    script += "C: \(commands.randomElement(using: &dice) ?? "NOOP")\n"
                } else {
                    script += "S: \(Self.codes.randomElement(using: &dice) ?? "200") (a)\n"
                }
            }
            // In the middle of a connection, its greeting not seen.
            if round % 3 == 0 { script += "lose 1 2 3 4\n" }
            let plain = try extract(script)
            let other = try extract(script.replacing("NOOP", with: "XNOP"))
            #expect(plain.map(Self.unnamed) == other.map(Self.unnamed), "\(script)")
            spoken += plain.flatMap(\.failures).count { $0.command == "NOOP" }
        }
        #expect(spoken > 0)
    }

    /// A record without the name of the command in question.
    private static func unnamed(_ record: SessionRecord) -> SessionRecord {
        var record = record
        for index in record.failures.indices
        where ["NOOP", "XNOP"].contains(record.failures[index].command) {
            record.failures[index].command = nil
        }
        return record
    }
}
