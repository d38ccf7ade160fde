// swift-tools-version: 6.2
import PackageDescription

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "parley",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "parley", targets: ["ParleyCLI"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CJq", providers: [.apt(["libjq-dev"])]),
        .systemLibrary(name: "CGMime", pkgConfig: "glib-2.0", providers: [.apt(["libgmime-3.0-dev"])]),
        .systemLibrary(name: "CLibxml2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .target(name: "Parley"),
        .target(name: "Postgres", dependencies: ["CLibpq", logging, lifecycle]),
        .target(name: "Curl", dependencies: ["CLibcurl"]),
        .target(name: "Queue", dependencies: ["Postgres", logging, lifecycle]),
        .target(
            name: "SMTP",
            dependencies: [
                "Parley", logging, lifecycle, .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(
            name: "Channels",
            dependencies: ["Parley", "CJq", "COpenSSL", "CGMime", "CLibxml2", .product(name: "Yams", package: "Yams")]
        ),
        .target(
            name: "ParleyServer",
            dependencies: [
                "Parley", "Postgres", "Queue", "Curl", "SMTP", "Channels", "COpenSSL", logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .executableTarget(
            name: "ParleyCLI",
            dependencies: [
                "CMalloc", "ParleyServer", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        .target(name: "TestSupport", dependencies: ["Postgres", logging], path: "Tests/TestSupport"),
        .testTarget(name: "ParleyTests", dependencies: ["Parley", "TestSupport"], exclude: ["Corpus"]),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport"]),
        .testTarget(name: "CurlTests", dependencies: ["Curl", "TestSupport"]),
        .testTarget(
            name: "SMTPTests",
            dependencies: [
                "SMTP", "TestSupport", logging, .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["Corpus"]
        ),
        .testTarget(name: "QueueTests", dependencies: ["Queue", "TestSupport"]),
        .testTarget(name: "ChannelsTests", dependencies: ["Channels", "CGMime", "TestSupport"], exclude: ["Corpus", "Fixtures"]),
        .testTarget(
            name: "ParleyServerTests",
            dependencies: [
                "ParleyServer", "SMTP", "TestSupport", logging, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // GMime's own pkg-config file holds flags that SwiftPM warns about; GLib's does not, and this is all it lacks.
        .unsafeFlags(["-Xcc", "-I/usr/include/gmime-3.0"]),
    ]
    if Context.environment["PARLEY_STRICT"] != nil { target.swiftSettings?.append(.treatAllWarnings(as: .error)) }
}
