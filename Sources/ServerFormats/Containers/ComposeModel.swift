import PolicyText

/// The model of a compose file: its documents merged, and what `<<` brings in put in its place.
///
/// Sources: Compose Specification, "merge", "fragments"; YAML's merge key; compose-go, which merges
/// the documents of a file in their order.
enum ComposeModel {
    /// Nil where it isn't YAML, or no mapping.
    static func read(_ text: ConfigText) -> (model: JSONWithLines, documents: Int)? {
        guard let documents = try? StructuredText.documents(text) else { return nil }
        let mappings = documents.map(resolved).filter {
            if case .object = $0.value { true } else { false }
        }
        guard var model = mappings.first else { return nil }
        for other in mappings.dropFirst() { model = merged(model, other) }
        return (model, mappings.count)
    }

    /// With the members that `<<` brings in, at any depth, which count less than its own; each key
    /// once, in the order in which it stands first.
    static func resolved(_ element: JSONWithLines) -> JSONWithLines {
        var result = element
        switch element.value {
        case .array(let items): result.value = .array(items.map(resolved))
        case .object(let members):
            var brought: [JSONWithLines.Member] = []
            var own: [JSONWithLines.Member] = []
            for member in members {
                let value = resolved(member.value)
                guard member.key == "<<" else {
                    own.append(.init(key: member.key, value: value))
                    continue
                }
                for other in value.array?.reversed() ?? [value] {
                    if case .object(let more) = other.value { brought += more }
                }
            }
            result.value = .object(unique(brought + own))
        default: break
        }
        return result
    }

    private static func unique(_ members: [JSONWithLines.Member]) -> [JSONWithLines.Member] {
        var places: [String: Int] = [:]
        var result: [JSONWithLines.Member] = []
        for member in members {
            if let place = places[member.key] {
                result[place] = member
            } else {
                places[member.key] = result.count
                result.append(member)
            }
        }
        return result
    }

    /// Mappings key by key, lists one behind the other, else the later one.
    private static func merged(_ a: JSONWithLines, _ b: JSONWithLines) -> JSONWithLines {
        var result = a
        switch (a.value, b.value) {
        case (.object(let first), .object(let second)):
            var places: [String: Int] = [:]
            var members = first
            for (index, member) in members.enumerated() { places[member.key] = index }
            for member in second {
                if let place = places[member.key] {
                    members[place].value = merged(members[place].value, member.value)
                } else {
                    places[member.key] = members.count
                    members.append(member)
                }
            }
            result.value = .object(members)
        case (.array(let first), .array(let second)): result.value = .array(first + second)
        case (_, .null): break
        default: result = b
        }
        return result
    }

    /// Attributes of a service that say nothing of the ports that its host publishes.
    static let idle: Set<String> = Set(
        "annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on develop device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname driver_opts entrypoint env_file environment expose external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links log_driver log_opt logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models name oom_kill_disable oom_score_adj pid pids_limit platform post_start pre_start pre_stop privileged provider pull_policy read_only restart runtime secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir"
            .words)

    /// Attributes of a service that are read.
    static let read: Set<String> = [
        "deploy", "extends", "net", "network_mode", "networks", "ports", "profiles", "scale",
    ]

    /// Parts of the file beside services and networks.
    static let parts: Set<String> = ["configs", "models", "name", "secrets", "version", "volumes"]
}
