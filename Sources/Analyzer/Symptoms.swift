/// One cause, one finding: a fault whose offers a cause explains is told inside the cause.
enum Symptoms {
    /// Which rules' faults are consequences, and of which causes.
    static let causes: [String: [String]] = [
        // A dropped, refused or prohibited data connection, and a 425 after it, where the line
        // that denies it, the address, the missing translation or the encryption is known.
        "PH101": ["PH304", "PH122", "PH225", "PH104", "PH105", "PH106", "PH208", "PH301"],
        "PH102": ["PH304", "PH225", "PH104", "PH105", "PH106", "PH208", "PH301"],
        "PH103": ["PH304", "PH301"],
        // The name that the server took for that address.
        "PH104": ["PH225"],
        // A fall back to active mode after passive ports that failed.
        "PH111": ["PH304", "PH122", "PH101", "PH102", "PH103", "PH104", "PH105", "PH106", "PH301"],
        "PH108": ["PH304", "PH225", "PH104", "PH105", "PH106"],
    ]

    /// Rules on the address that is announced.
    static let addressRules: Set = ["PH104", "PH105", "PH106", "PH225"]

    /// Rules in the order in which their faults are told inside others: what may be a cause itself
    /// comes first. Where nothing explains it, it explains others.
    private static let steps: [[String]] = {
        let steps = Dictionary(grouping: causes.keys, by: step)
        return steps.keys.sorted().map { steps[$0] ?? [] }
    }()

    private static func step(_ rule: String) -> Int {
        1 + ((causes[rule] ?? []).filter { causes[$0] != nil }.map(step).max() ?? 0)
    }

    static func fold(_ drafts: [DraftFinding]) -> [Finding] {
        var kept: [DraftFinding] = []
        var symptoms: [DraftFinding] = []
        for draft in drafts {
            let isSymptom = draft.finding.status == .failed && causes[draft.finding.rule] != nil
            if isSymptom { symptoms.append(draft) } else { kept.append(draft) }
        }
        let ordered = steps.flatMap { rules in
            symptoms.filter { rules.contains($0.finding.rule) }
        }
        for symptom in ordered {
            let rules = causes[symptom.finding.rule] ?? []
            // An address explains another word on itself wherever the clients went.
            let isAddress = addressRules.contains(symptom.finding.rule)
            func explained(by cause: DraftFinding) -> Set<Offer.ID> {
                isAddress ? cause.offers : cause.blamed
            }
            let fitting = kept.indices.filter { index in
                kept[index].finding.status == .failed
                    && rules.contains(kept[index].finding.rule)
                    && !symptom.offers.isDisjoint(with: explained(by: kept[index]))
            }
            // Told only where causes explain every one of its offers; in the one that explains most.
            let all = fitting.reduce(into: Set<Offer.ID>()) {
                $0.formUnion(explained(by: kept[$1]))
            }
            let cause = fitting.max {
                explained(by: kept[$0]).intersection(symptom.offers).count
                    < explained(by: kept[$1]).intersection(symptom.offers).count
            }
            if let cause, symptom.offers.isSubset(of: all) {
                kept[cause].finding.symptoms.append(
                    "\(symptom.finding.rule): \(symptom.finding.message)")
            } else {
                var rest = symptom
                rest.finding.hurt = symptom.failing.subtracting(all).count
                kept.append(rest)
            }
        }
        return kept.map(\.finding)
    }
}
