// swift-tools-version: 6.3
import PackageDescription

let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

// The rooms under test through links to the product's own sources, so that nothing but them is
// built, and all of it carries the fuzzer's instruments. `scripts/fuzz` builds and runs it.
func room(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: imports,
        swiftSettings: house + [.unsafeFlags(["-sanitize=fuzzer"])])
}

// The harness itself carries none: what it does is of no interest to the search.
func harness(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: house)
}

let package = Package(
    name: "fuzz",
    products: [.library(name: "Entry", type: .static, targets: ["Entry"])],
    dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
    targets: [
        room("Net", []),
        room("Capture", ["Net"]),
        room("Streams", ["Capture", "Net"]),
        room("FTP", ["Streams", "Capture", "Net"]),
        room("Policy", ["Net"]),
        room("PolicyText", ["Policy", "Net", "Yams"]),
        room("HostFormats", ["PolicyText", "Policy", "Net"]),
        room("NetworkFormats", ["PolicyText", "Policy", "Net"]),
        room("ServerFormats", ["PolicyText", "Policy", "Net"]),
        room("WindowsFormats", ["PolicyText", "Policy", "Net"]),
        room(
            "PolicyFormats",
            [
                "HostFormats", "NetworkFormats", "ServerFormats", "WindowsFormats", "PolicyText",
                "Policy",
            ]),
        harness(
            "FuzzTargets", ["PolicyFormats", "Policy", "FTP", "Streams", "Capture", "Net"]),
        harness("Entry", ["FuzzTargets"]),
    ],
    swiftLanguageModes: [.v6]
)
