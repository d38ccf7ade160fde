import Foundation
import HTTPTypes
import Parley
import Testing

@testable import ParleyServer

@Suite struct PageTests {
    private let cursors = Cursors(keys: TokenKeys([1, 2, 3]))

    private func page(_ query: String, scope: String = "w/messages") throws(Problem) -> Page {
        let request = IncomingRequest(id: "1", method: .get, path: "/", query: query, at: Date())
        return try Page(Query(request, of: Page.parameters.union(["direction"])), scope: scope, cursors: self.cursors)
    }

    /// The cursor that follows the first page of `query`.
    private func cursor(_ query: String, scope: String = "w/messages") throws -> String {
        let ids = [UUID(), UUID()]
        let answer = try self.page("limit=1&\(query)", scope: scope).answer(ids, id: \.self, json: { .string($0.uuidString) })
        return try #require(answer["nextCursor"]?.string)
    }

    @Test func `a cursor leads to the item after the last one shown`() throws {
        let ids = (0..<3).map { _ in UUID() }
        let first = try self.page("limit=2").answer(ids, id: \.self, json: { .string($0.uuidString) })
        #expect(first["data"]?.array?.count == 2)
        let cursor = try #require(first["nextCursor"]?.string)
        #expect(try self.page("limit=2&cursor=\(cursor)").after == ids[1])
        #expect(try self.page("limit=3").answer(ids, id: \.self, json: { .string($0.uuidString) })["nextCursor"] == .null)
    }

    @Test func `a cursor is worth nothing in another list, filter or workspace, nor when forged`() throws {
        let cursor = try self.cursor("direction=inbound")
        #expect(try self.page("direction=inbound&cursor=\(cursor)").after != nil)
        let last = cursor.last == "A" ? "B" : "A"
        // The last letter holds two bits more than the bytes have: with one of them set it decodes to the same bytes.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let place = try #require(cursor.last.flatMap(alphabet.firstIndex))
        let twin = alphabet[place ^ 1]
        for query in [
            "cursor=\(cursor)", "direction=outbound&cursor=\(cursor)", "direction=inbound&cursor=\(cursor.dropLast())\(last)",
            "direction=inbound&cursor=\(cursor.dropLast())\(twin)",
            "cursor=", "cursor=abc",
        ] {
            let problem = try #require(throws: Problem.self) { try self.page(query) }
            #expect((problem.status, problem.code) == (400, "bad_cursor"), "\(query)")
        }
        let elsewhere = try #require(throws: Problem.self) { try self.page("direction=inbound&cursor=\(cursor)", scope: "v/messages") }
        #expect(elsewhere.code == "bad_cursor")
    }

    @Test(arguments: [
        "limit=0", "limit=-1", "limit=1000000000", "limit=abc", "limit=", "limit=201", "limit=1&limit=2", "colour=red", "direction=a%00",
    ])
    func `refuses a page that cannot be`(query: String) throws {
        #expect(try #require(throws: Problem.self) { try self.page(query) }.status == 422)
    }
}
