import Policy

/// What names stand for, found out once each: groups hold groups, level by level or in circles, and
/// many rules name the same.
final class Told<Value> {
    private var values: [String: Value] = [:]

    /// Makes the value at the first time; `meanwhile` stands for it where it is asked for itself.
    func value<Failure: Error>(
        of name: String, meanwhile: Value, _ make: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        if let known = values[name] { return known }
        values[name] = meanwhile
        let made = try make()
        values[name] = made
        return made
    }
}

extension [Match] {
    /// A group's services, or one that stands for them where they are too many to be told apart.
    func bounded(_ name: String) -> [Match] {
        count <= 4096 ? self : [Match(notModelled: ["\(name) holds more than 4096 services"])]
    }
}
