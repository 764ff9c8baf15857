import Net
import Policy
import PolicyText

/// A line `server NAME ADDRESS …` of HAProxy, behind the words of `default-server`.
struct HAProxyServerLine {
    private(set) var server = HAProxySection.Server(address: .unchanged, port: .same)
    /// It takes no connection.
    private(set) var isDown = false
    /// The server sees the client's address.
    private(set) var keepsClients = false
    /// An option that HAProxy doesn't know.
    private(set) var strange: String?
    /// Why HAProxy refuses the line.
    private(set) var fault: String?
    /// Why it isn't known where the server is.
    private(set) var doubt: String?

    init(_ words: [String], usual: [String]) {
        readOptions(usual + words.dropFirst(3))
        readAddress(words[2])
    }

    private mutating func readOptions(_ options: [String]) {
        var (isDisabled, isWeightless) = (false, false)
        var index = 0
        while index < options.count {
            let word = options[index]
            index += 1
            switch word {
            case "disabled": isDisabled = true
            case "enabled": isDisabled = false
            case "backup", "no-backup": server.isBackup = word == "backup"
            case "weight":
                isWeightless = index < options.count && options[index] == "0"
                index += 1
            case "source", "usesrc":
                keepsClients = keepsClients || options.contains("usesrc")
                index += 1
            case "interface": index += 1
            default:
                if let (count, why) = HAProxyWords.wrapping[word] {
                    index += count
                    server.doubts.append(why)
                } else if let count = HAProxyWords.server[word] {
                    index += count
                    let unwrapped = HAProxyWords.wrapping[String(word.dropFirst("no-".count))]?.why
                    if word.hasPrefix("no-") { server.doubts.removeAll { $0 == unwrapped } }
                } else {
                    strange = strange ?? word
                }
            }
        }
        isDown = isDisabled || isWeightless
    }

    private mutating func readAddress(_ word: String) {
        guard case .tcp(let place) = HAProxyAddress.kind(word) else {
            return doubt("the server has no address of TCP")
        }
        let port = place.port ?? ""
        if port.hasPrefix("+") || port.hasPrefix("-"), let offset = Int(port), abs(offset) < 65536 {
            server.port = .offset(offset)
        } else if let one = UInt16(port) {
            server.port = one == 0 ? .same : .one(one)
        } else if !port.isEmpty {
            fault = "no port of a server"
        }
        // The address that the client asked for.
        if ["", "*", "0.0.0.0", "::"].contains(place.host) { return }
        guard let own = IPAddress(place.host) else {
            return doubt("what address \(place.host.excerpt) is isn't in the file")
        }
        server.address = .addresses([own])
    }

    private mutating func doubt(_ why: String) {
        server.address = .unknown(why)
        doubt = why
    }
}
