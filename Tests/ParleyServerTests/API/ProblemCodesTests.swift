import Curl
import Foundation
import Parley
import TestSupport
import Testing

@testable import ParleyServer

/// Clients decide by a problem's code, so API.md has all of them.
@Suite struct ProblemCodesTests {
    private static let root = URL(fileURLWithPath: TestDatabase.migrations).deletingLastPathComponent()

    /// `status code` of every problem that the sources write out.
    private static func written() throws -> Set<String> {
        var found: Set<String> = []
        for folder in ["ParleyServer", "Channels/Declarative"] {
            let files = FileManager.default.enumerator(at: Self.root.appending(path: "Sources/\(folder)"), includingPropertiesForKeys: nil)
            // The sandbox is a provider's side, not ours.
            for case let file as URL in try #require(files) where file.pathExtension == "swift" && !file.path.contains("/Sandbox/") {
                let text = try String(contentsOf: file, encoding: .utf8)
                for match in text.matches(of: /(?:Problem|init)\(\s*(\d{3}),\s*"([a-z_]+)"/) { found.insert("\(match.1) \(match.2)") }
                for match in text.matches(of: /\.(?:fail|invalid)\(.*?, "([a-z_]+)",/) { found.insert("422 \(match.1)") }
                for match in text.matches(of: /(?:Field\(pointer: .*?, code: |Mistake\()"([a-z_]+)"/) { found.insert("422 \(match.1)") }
                for match in text.matches(of: /unavailable\([^")]*"([a-z_]+)"(?: : "([a-z_]+)")?/) {
                    for code in [match.1, match.2].compactMap(\.self) { found.insert("503 \(code)") }
                }
                for match in text.matches(of: /refused\(code: "([a-z_]+)"/) { found.insert("401 \(match.1)") }
            }
        }
        return found
    }

    /// Those that are written as the cases of an enum.
    private static var listed: [String] {
        let targets: [TransferError.Reason] = [.invalidRequest, .schemeNotAllowed, .portNotAllowed, .userInfoNotAllowed, .egressDenied]
        return JSONError.Code.allCases.map { "\($0 == .number ? 422 : 400) \($0.rawValue)" } + targets.map { "422 \($0.rawValue)" }
            + SettingsError.Code.allCases.map { "422 \($0.rawValue)" }
    }

    @Test func `API md names every code that a problem can have, with its status, and no other`() throws {
        let text = try String(contentsOf: Self.root.appending(path: "API.md"), encoding: .utf8)
        let rows = text.matches(of: /\| (\d{3}) \| `([a-z_]+)` \| .+ \|/).map { "\($0.1) \($0.2)" }
        let told = Set(rows)
        #expect(told.count == rows.count)
        let all = try Self.written().union(Self.listed)
        #expect(all.subtracting(told).sorted() == [])
        #expect(told.subtracting(all).sorted() == [])
    }
}
