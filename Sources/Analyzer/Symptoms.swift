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
        "PH108": ["PH304", "PH225", "PH104", "PH105", "PH106"],
    ]

    /// Rules whose faults may be a consequence and a cause.
    private static let middle = Set(causes.values.joined())

    static func fold(_ drafts: [DraftFinding]) -> [Finding] {
        var kept: [DraftFinding] = []
        var symptoms: [DraftFinding] = []
        for draft in drafts {
            let isSymptom = draft.finding.status == .failed && causes[draft.finding.rule] != nil
            if isSymptom { symptoms.append(draft) } else { kept.append(draft) }
        }
        // What may be a cause itself comes first: where nothing explains it, it explains others.
        for symptom in symptoms.filter({ middle.contains($0.finding.rule) })
            + symptoms.filter({ !middle.contains($0.finding.rule) })
        {
            let rules = causes[symptom.finding.rule] ?? []
            let fitting = kept.indices.filter { index in
                kept[index].finding.status == .failed
                    && rules.contains(kept[index].finding.rule)
                    && !symptom.offers.isDisjoint(with: kept[index].offers)
            }
            // Told only where causes explain every one of its offers; in the one that explains most.
            let explained = fitting.reduce(into: Set<Offer.ID>()) { $0.formUnion(kept[$1].offers) }
            let cause = fitting.max {
                kept[$0].offers.intersection(symptom.offers).count
                    < kept[$1].offers.intersection(symptom.offers).count
            }
            if let cause, symptom.offers.isSubset(of: explained) {
                kept[cause].finding.symptoms.append(
                    "\(symptom.finding.rule): \(symptom.finding.message)")
            } else {
                var rest = symptom
                rest.finding.hurt = symptom.failing.subtracting(explained).count
                kept.append(rest)
            }
        }
        return kept.map(\.finding)
    }
}
