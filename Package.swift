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

func room(_ name: String, _ imports: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: imports, resources: resources, swiftSettings: house)
}

/// What stands beside tests and is run by them.
let scripts = [
    "HostileNetworkTests": ["clients.py", "network.py"], "KernelTests": ["ftp.py", "probe.py"],
]

func tests(_ name: String, _ imports: [Target.Dependency]) -> Target {
    .testTarget(
        name: name,
        dependencies: imports,
        path: "Tests/\(name)",
        exclude: scripts[name] ?? [],
        swiftSettings: house
    )
}

let package = Package(
    name: "pinhole",
    products: [
        .executable(name: "pinhole", targets: ["pinhole"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        room("Net", []),
        room("Capture", ["Net"]),
        room("LiveCapture", ["Capture", "CPcap", "Net"]),
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
        room("SiteFile", ["Policy", "Net", "Yams"]),
        room("Analyzer", ["FTP", "Policy", "Net"]),
        room("Reporter", ["Analyzer", "FTP", "Policy", "Net"]),
        room(
            "Monitor",
            ["LiveCapture", "Capture", "Streams", "FTP", "Policy", "Analyzer", "Reporter", "Net"]),
        .executableTarget(
            name: "pinhole",
            dependencies: [
                "Net", "Capture", "LiveCapture", "Streams", "FTP", "Policy", "PolicyFormats",
                "SiteFile", "Analyzer", "Reporter", "Monitor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: house
        ),
        // Dialogue scripts rendered to captures: for tests and for the samples, not for users.
        .target(
            name: "Dialogue", dependencies: ["Net"], path: "Tests/Dialogue",
            exclude: ["LANGUAGE.md"], swiftSettings: house),
        .executableTarget(
            name: "render-dialogue", dependencies: ["Dialogue"], path: "Tests/RenderDialogue",
            swiftSettings: house),
        .target(name: "Dice", path: "Tests/Dice", swiftSettings: house),
        tests("DialogueTests", ["Dialogue", "Dice", "Net"]),
        tests("AnalyzerTests", ["Analyzer", "FTP", "PolicyFormats", "Policy", "Net", "Dice"]),
        tests("ReporterTests", ["Reporter", "Analyzer", "FTP", "Policy", "Net"]),
        tests("LayeringTests", []),
        tests("SampleTests", ["pinhole", "Dialogue"]),
        tests(
            "MonitorTests",
            [
                "Monitor", "LiveCapture", "Analyzer", "Reporter", "FTP", "Dialogue", "Capture",
                "Streams", "Policy", "Net",
            ]),
        tests("KernelTests", ["Dice", "PolicyFormats", "Policy", "Net"]),
        tests("CaptureTests", ["Dice", "Capture", "Net"]),
        tests("StreamsTests", ["Dice", "Streams", "Capture", "Net"]),
        tests("HostileNetworkTests", ["Dice", "FTP", "Streams", "Capture", "Net"]),
        tests("FTPTests", ["Dice", "FTP", "Streams", "Capture", "Dialogue", "Net"]),
        tests("NetTests", ["Dice", "Net"]),
        tests("PolicyTests", ["Dice", "Policy", "Net"]),
        tests("SiteFileTests", ["SiteFile", "Policy", "Net"]),
        tests(
            "PolicyFormatsTests",
            [
                "Dice", "PolicyFormats", "HostFormats", "ServerFormats", "WindowsFormats", "Policy",
                "Net",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
