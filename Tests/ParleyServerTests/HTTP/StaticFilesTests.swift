import Foundation
import HTTPTypes
import HummingbirdCore
import Testing

@testable import ParleyServer

@Suite struct StaticFilesTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

    private func request(_ headers: HTTPFields = [:]) -> IncomingRequest {
        IncomingRequest(id: "", method: .get, path: "/", headers: headers, at: Date())
    }

    @Test func `a file has its type and a tag that spares loading it again`() throws {
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        try "let a = 1".write(toFile: "\(self.folder)/a.js", atomically: true, encoding: .utf8)
        let files = StaticFiles(folder: self.folder)
        let first = try files.answer("a.js", to: self.request())
        #expect(first.status == .ok)
        #expect(first.headers[.contentType] == "text/javascript; charset=utf-8")
        let tag = try #require(first.headers[.eTag])
        #expect(try files.answer("a.js", to: self.request([.ifNoneMatch: "\"x\", W/\(tag)"])).status == .notModified)
        try "let a = 2".write(toFile: "\(self.folder)/a.js", atomically: true, encoding: .utf8)
        #expect(try files.answer("a.js", to: self.request([.ifNoneMatch: tag])).status == .ok)
    }

    @Test(arguments: ["../a.js", "..", ".a.js", "a", "a.sh", "b/a.js", "a.js\0", "", "missing.js", "a..js", "A.js"])
    func `no name leads out of the folder or to a file of another kind`(name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(self.folder)/b", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        for path in ["a", "a.sh", ".a.js", "b/a.js", "A.js"] {
            try "secret".write(toFile: "\(self.folder)/\(path)", atomically: true, encoding: .utf8)
        }
        #expect(throws: Problem.self) { try StaticFiles(folder: self.folder).answer(name, to: self.request()) }
    }
}
