import Testing

@Suite struct ShrinkerTests {
    @Test func `keeps the lines that the fault needs, and those that stand only together`() {
        let text = "a {\n1\n}\nb {\n2\n3\n}\nc {\n}\n"
        let shrunk = Shrinker.shrunk(text) { text in
            let lines = text.split(separator: "\n")
            let heads = lines.count { $0.hasSuffix("{") }
            return heads == lines.count { $0 == "}" } && lines.contains("3") && heads > 0
        }
        #expect(shrunk.split(separator: "\n").count == 3)
        #expect(shrunk.contains("3"))
    }

    @Test func `leaves a text whole of which each line is needed`() {
        #expect(Shrinker.shrunk("1\n2") { $0 == "1\n2" } == "1\n2")
    }
}
