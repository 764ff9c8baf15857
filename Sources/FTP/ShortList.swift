/// Elements in their order: almost always one, which needs no memory of its own.
struct ShortList<Element>: RandomAccessCollection, MutableCollection {
    private var first: Element?
    private var more: [Element] = []

    init() {}

    init(_ elements: some Sequence<Element>) {
        for element in elements { append(element) }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { first == nil ? 0 : more.count + 1 }

    subscript(place: Int) -> Element {
        get {
            guard place == 0, let first else { return more[place - 1] }
            return first
        }
        set {
            if place == 0 { first = newValue } else { more[place - 1] = newValue }
        }
    }

    mutating func append(_ element: Element) {
        if first == nil { first = element } else { more.append(element) }
    }
}
