/// Which controls of which standards a control set stands for: data, with version.
enum ControlMapping {
    static func references(to sets: [ControlSet]) -> [ControlReference] { [] }
}
