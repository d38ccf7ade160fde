import Foundation
import Parley

@testable import Channels

/// Where the package and its test files are.
enum Place {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent().path
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    static let shipped = "\(package)/channels"
    static let fixtures = "\(tests)/Fixtures"
    /// The corpus beside the package, of which `Corpus` holds a copy.
    static let shared = URL(filePath: package).deletingLastPathComponent().path + "/shared/corpus"

    static func read(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map { Array($0) } ?? [] }
    static func corpus(_ name: String) throws -> JSON { try JSON(parsing: self.read("\(self.tests)/Corpus/\(name)")) }
}

/// The adapters under test, loaded once.
enum Loaded {
    static let shipped = Result { try AdapterRegistry.load(from: Place.shipped) }
    static let fixtures = Result { try AdapterRegistry.load(from: Place.fixtures) }

    static func adapter(_ name: String) throws -> any Adapter {
        let name = AdapterName(rawValue: name)!
        if let adapter = try self.shipped.get()[name] { return adapter }
        guard let adapter = try self.fixtures.get()[name] else { throw CocoaError(.fileNoSuchFile) }
        return adapter
    }
}

extension ChannelContext {
    static func test(
        _ settings: [String: JSON],
        hookURL: String = "https://bridge.test/hooks/1",
        verification: VerificationMode = .enforce
    ) -> ChannelContext {
        ChannelContext(id: .make(), workspace: .make(), settings: settings, verification: verification, hookURL: hookURL)
    }
}

extension Adapter {
    /// The settings as a channel would have them: checked, defaults filled in.
    func context(_ settings: [String: JSON], verification: VerificationMode = .enforce) async throws -> ChannelContext {
        .test(try await self.validate(settings).get(), verification: verification)
    }
}

extension HookRequest {
    /// A case of the corpus, as ingest would hand it on.
    static func corpus(_ item: JSON, hook: String) -> HookRequest {
        let url = item["url"]?.string ?? ""
        let path = url.prefix { $0 != "?" }
        let route = path.hasPrefix(hook) ? path.dropFirst(hook.count).split(separator: "/").first.map(String.init) : nil
        return HookRequest(
            method: item["method"]?.string ?? "POST",
            url: url,
            route: route,
            headers: Dictionary(
                uniqueKeysWithValues: (item["headers"]?.object ?? [:]).map { ($0.key.lowercased(), $0.value.string ?? "") }
            ),
            body: Array((item["body"]?.string ?? "").utf8),
            at: Date(timeIntervalSince1970: item["now"]?.double ?? 1_772_442_000)
        )
    }
}

extension Adapter {
    func reception(of request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Reception {
        try await self.receive(request, for: channel).reception
    }
}

extension Reception {
    /// Nil when it is no acceptance.
    var events: [InboundEvent]? {
        switch self {
        case .accepted(let events, _, _): events
        case .ignored: []
        default: nil
        }
    }
    var messages: [InboundMessage] { (self.events ?? []).compactMap { if case .message(let message) = $0 { message } else { nil } } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
}

extension Rendering {
    /// The parts that are HTTP.
    var calls: [HTTPCall] { self.parts.compactMap { if case .http(let call) = $0 { call } else { nil } } }
}
