public import FTP

/// A session record as one line of JSON, schema `pinhole.session/1`.
public struct SessionRecordJSON: Sendable {
    /// Names of the captures, by the index that frame references use.
    public let captures: [String]

    public init(captures: [String]) { self.captures = captures }

    /// The object, without a line break at its end.
    public func text(_ record: SessionRecord) -> String {
        var json = JSONText()
        json.object { write(record, to: &$0) }
        return json.text
    }

    /// The members of the object alone, for an event that holds a record.
    func write(_ record: SessionRecord, to json: inout JSONText) {
        json.string("schema", "pinhole.session/1")
        json.array("captures") { list in
            for index in record.captures { list.string(nil, name(index)) }
        }
        json.string("client", "\(record.client)")
        json.string("server", "\(record.server)")
        frame(record.first, "first_frame", &json)
        frame(record.last, "last_frame", &json)
        json.string("start", "\(record.first.time)")
        json.string("end", "\(record.last.time)")
        json.string("user", record.user)
        json.string("login", record.login.rawValue)
        json.string("banner", record.banner)
        json.string("ended", record.end.rawValue)
        if let encryption = record.encryption {
            json.object("encryption") { inner in
                frame(encryption.from, "from_frame", &inner)
                inner.string("command", encryption.command)
                if let cleared = encryption.cleared { frame(cleared, "cleared_frame", &inner) }
            }
        }
        if let refusal = record.authRefused {
            json.object("auth_refused") { inner in
                frame(refusal.frame, "frame", &inner)
                inner.string("command", refusal.command)
                inner.number("code", refusal.code)
            }
        }
        json.array("channels") { list in
            for channel in record.channels { list.object { write(channel, to: &$0) } }
        }
        hidden(record, &json)
        failures(record, &json)
        json.object("visibility") { inner in
            inner.bool("midstream", record.visibility.midstream)
            inner.bool("one_sided", record.visibility.oneSided)
            inner.number("gaps", record.visibility.gaps)
            inner.number("truncated_frames", record.visibility.truncatedFrames)
        }
        json.array("oddities") { list in
            for oddity in record.oddities {
                list.object { inner in
                    inner.string("name", oddity.name)
                    frame(oddity.frame, "frame", &inner)
                    inner.string("detail", oddity.detail)
                }
            }
        }
    }

    private func write(_ channel: DataChannel, to json: inout JSONText) {
        json.string("announced_by", channel.announcedBy.rawValue)
        json.string("command", channel.command)
        json.string("mode", channel.announcedBy.isPassive ? "passive" : "active")
        frame(channel.frame, "frame", &json)
        json.number("reply", channel.reply)
        json.string("advertised", channel.advertised.map { "\($0)" })
        json.string("outcome", channel.outcome.rawValue)
        if let data = channel.dataFrame { frame(data, "data_frame", &json) }
        if channel.attempts > 0 { json.number("attempts", channel.attempts) }
        json.string("client", channel.client.map { "\($0)" })
        json.string("server", channel.server.map { "\($0)" })
        json.string("prohibited_by", channel.prohibitedBy.map { "\($0)" })
        if let icmp = channel.icmp {
            json.object("icmp") { inner in
                inner.number("type", icmp.type)
                inner.number("code", icmp.code)
            }
        }
        json.string("transfer", channel.transfer)
        json.number("transfer_reply", channel.transferReply)
        if channel.outcome == .established {
            json.number("bytes_to_client", channel.bytesToClient)
            json.number("bytes_to_server", channel.bytesToServer)
        }
        json.bool("encrypted", channel.encrypted)
    }

    private func hidden(_ record: SessionRecord, _ json: inout JSONText) {
        guard !record.hiddenData.isEmpty else { return }
        json.array("inferred_data") { list in
            for connection in record.hiddenData {
                list.object { inner in
                    inner.string("client", "\(connection.client)")
                    inner.string("server", "\(connection.server)")
                    frame(connection.first, "frame", &inner)
                    inner.number("attempts", connection.attempts)
                    inner.string("outcome", connection.outcome.rawValue)
                }
            }
        }
    }

    private func failures(_ record: SessionRecord, _ json: inout JSONText) {
        guard !record.failures.isEmpty else { return }
        json.array("failures") { list in
            for failure in record.failures {
                list.object { inner in
                    frame(failure.frame, "frame", &inner)
                    inner.string("command", failure.command)
                    inner.number("code", failure.code)
                    inner.string("text", failure.text)
                }
            }
        }
    }

    /// The frame's number, and its capture beside it where there are several.
    private func frame(_ frame: FrameReference, _ key: String, _ json: inout JSONText) {
        json.number(key, frame.number)
        if captures.count > 1 {
            json.string(key == "frame" ? "capture" : key + "_capture", name(frame.capture))
        }
    }

    private func name(_ index: Int) -> String {
        captures.indices.contains(index) ? captures[index] : ""
    }
}
