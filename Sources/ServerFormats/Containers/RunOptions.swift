import PolicyText

/// Options of `docker run`, of Podman's and of nerdctl's.
///
/// Sources: Docker's reference "docker container run"; podman-run(1).
enum RunOptions {
    /// Those that stand alone; a value can only follow a sign `=`.
    static let alone: Set<String> = Set(
        "--detach --disable-content-trust --env-host --help --http-proxy --init --interactive --no-healthcheck --no-hostname --no-hosts --oom-kill-disable --passwd --privileged --publish-all --quiet --read-only --read-only-tmpfs --replace --rm --rmi --rootfs --sig-proxy --tls-verify --tty --unsetenv-all --use-api-socket"
            .words)

    /// Those with a value, that say nothing of ports.
    static let valued: Set<String> = Set(
        "--add-host --annotation --arch --attach --authfile --blkio-weight --blkio-weight-device --cap-add --cap-drop --cert-dir --cgroup-conf --cgroup-parent --cgroupns --cgroups --chrootdirs --cidfile --conmon-pidfile --cpu-count --cpu-percent --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpu-shares --cpus --cpuset-cpus --cpuset-mems --creds --decryption-key --detach-keys --device --device-cgroup-rule --device-read-bps --device-read-iops --device-write-bps --device-write-iops --dns --dns-opt --dns-option --dns-search --domainname --entrypoint --env-merge --expose --gidmap --gpus --group-add --group-entry --health-cmd --health-interval --health-log-destination --health-max-log-count --health-max-log-size --health-on-failure --health-retries --health-start-interval --health-start-period --health-startup-cmd --health-startup-interval --health-startup-retries --health-startup-success --health-startup-timeout --health-timeout --hostname --hosts-file --hostuser --image-volume --init-ctr --init-path --io-maxbandwidth --io-maxiops --ip6 --ipc --isolation --kernel-memory --label --label-file --link --link-local-ip --log-driver --log-opt --mac-address --memory --memory-reservation --memory-swap --memory-swappiness --network-alias --net-alias --oom-score-adj --os --passwd-entry --personality --pid --pidfile --pids-limit --platform --pull --rdt-class --requires --restart --retry --retry-delay --runtime --sdnotify --seccomp-policy --secret --security-opt --shm-size --shm-size-systemd --stop-signal --stop-timeout --storage-opt --subgidname --subuidname --sysctl --systemd --timeout --tmpfs --tz --uidmap --ulimit --umask --unsetenv --user --userns --uts --variant --volume-driver --volumes-from --workdir"
            .words)

    /// Letters that stand alone, and their names.
    static let letters: [Character: String] = [
        "d": "--detach", "i": "--interactive", "t": "--tty", "P": "--publish-all", "q": "--quiet",
    ]

    /// Letters with a value.
    static let valuedLetters: [Character: String] = [
        "a": "--attach", "c": "--cpu-shares", "e": "--env", "h": "--hostname", "l": "--label",
        "m": "--memory", "p": "--publish", "u": "--user", "v": "--volume", "w": "--workdir",
    ]

    /// What else is read.
    static let read: Set<String> = [
        "--env", "--env-file", "--ip", "--mount", "--name", "--net", "--network", "--pod",
        "--publish", "--volume",
    ]

    struct Cut {
        var options: [Option] = []
        /// Whether the value of the last is in the next word.
        var wants = false
    }

    struct Option {
        var name: String
        var value: String?
    }

    /// A word as options: `-dp 21:21`, `--publish=21:21`. Nil where an option isn't known.
    static func cut(_ word: String) -> Cut? {
        if word.hasPrefix("--") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let value = parts.count > 1 ? String(parts[1]) : nil
            let options = [Option(name: name, value: value)]
            if alone.contains(name) { return Cut(options: options) }
            guard valued.contains(name) || read.contains(name) else { return nil }
            return Cut(options: options, wants: value == nil)
        }
        var cut = Cut()
        var rest = word.dropFirst()
        while let letter = rest.popFirst() {
            if let name = letters[letter] {
                cut.options.append(Option(name: name))
            } else if let name = valuedLetters[letter] {
                if rest.first == "=" { rest.removeFirst() }
                cut.wants = rest.isEmpty
                cut.options.append(Option(name: name, value: rest.isEmpty ? nil : String(rest)))
                return cut
            } else {
                return nil
            }
        }
        return cut.options.isEmpty ? nil : cut
    }
}
