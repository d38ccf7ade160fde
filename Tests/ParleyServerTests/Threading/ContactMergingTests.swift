import Foundation
import Parley
import Postgres
import Testing
import TestSupport

@testable import ParleyServer

@Suite struct ContactMergingTests {
    /// Two people who wrote in turns: Anna by two numbers, of which nobody knows yet.
    static func bridge() async throws -> (bridge: Bridge, contacts: [ContactID], merging: ContactMerging) {
        let bridge = try await Bridge()
        try await bridge.thread([Bridge.text("a", from: "+15005550101")], after: 0)
        try await bridge.thread([Bridge.text("b", from: "+15005550102")], after: 1)
        try await bridge.thread([Bridge.text("c", from: "+15005550101")], after: 2)
        let rows = try await bridge.pool.query(in: .all, "SELECT contact_id FROM identities ORDER BY address")
        return (bridge, try rows.map { ContactID(try $0.value("contact_id")) }, ContactMerging(pool: bridge.pool))
    }
    static func timeline(_ bridge: Bridge, _ contact: ContactID, before: MessageID? = nil, limit: Int = 10) async throws -> [String] {
        let page = Timeline.page(of: contact, in: bridge.workspace, before: before, limit: limit)
        return try await bridge.texts("SELECT external_id AS text FROM (\(page)) page ORDER BY id DESC")
    }

    @Test(.database) func `a merge makes one history of two, an un-merge makes two of it again`() async throws {
        let (bridge, contacts, merging) = try await Self.bridge()
        #expect(try await Self.timeline(bridge, contacts[0]) == ["c", "a"])
        let merge = UUID()
        try await merging.merge(contacts[1], into: contacts[0], of: bridge.workspace, as: merge, evidence: ["by": "hand"])
        #expect(try await Self.timeline(bridge, contacts[0]) == ["c", "b", "a"])
        #expect(try await Self.timeline(bridge, contacts[1]) == [])
        try await merging.undo(merge, of: bridge.workspace)
        #expect(try await Self.timeline(bridge, contacts[0]) == ["c", "a"])
        #expect(try await Self.timeline(bridge, contacts[1]) == ["b"])
        #expect(
            try await bridge.events.filter { $0.hasPrefix("contact.") } == ["contact.created 2", "contact.merged 1", "contact.unmerged 1"]
        )
    }

    @Test(.database) func `a timeline is paged without repeating or leaving out a message`() async throws {
        let (bridge, contacts, merging) = try await Self.bridge()
        try await merging.merge(contacts[1], into: contacts[0], of: bridge.workspace, as: UUID(), evidence: [:])
        var pages: [String] = []
        var before: MessageID?
        while let last = try await Self.timeline(bridge, contacts[0], before: before, limit: 1).first {
            pages.append(last)
            before = MessageID(
                try await bridge.pool.query(in: .workspace(bridge.workspace.uuid), "SELECT id FROM messages WHERE external_id = \(last)")[0]
                    .value("id")
            )
        }
        #expect(pages == ["c", "b", "a"])
    }

    @Test(.database) func `a merge that was built upon is undone last`() async throws {
        let (bridge, contacts, merging) = try await Self.bridge()
        try await bridge.thread([Bridge.text("d", from: "+15005550103")], after: 3)
        let third = ContactID(
            try await bridge.pool.query(in: .all, "SELECT contact_id FROM identities WHERE address = '+15005550103'")[0].value("contact_id")
        )
        let (first, second) = (UUID(), UUID())
        try await merging.merge(contacts[0], into: contacts[1], of: bridge.workspace, as: first, evidence: [:])
        try await merging.merge(contacts[1], into: third, of: bridge.workspace, as: second, evidence: [:])
        await #expect(throws: ContactMerging.Failure.movedOn) { try await merging.undo(first, of: bridge.workspace) }
        try await merging.undo(second, of: bridge.workspace)
        try await merging.undo(first, of: bridge.workspace)
        #expect(try await Self.timeline(bridge, contacts[0]) == ["c", "a"])
    }

    @Test(.database) func `what cannot be merged is refused, and other workspaces' contacts do not exist`() async throws {
        let (bridge, contacts, merging) = try await Self.bridge()
        let stranger = try await Bridge()
        await #expect(throws: ContactMerging.Failure.sameContact) {
            try await merging.merge(contacts[0], into: contacts[0], of: bridge.workspace, as: UUID(), evidence: [:])
        }
        await #expect(throws: ContactMerging.Failure.unknownContact) {
            try await merging.merge(contacts[0], into: contacts[1], of: stranger.workspace, as: UUID(), evidence: [:])
        }
        let merge = UUID()
        try await merging.merge(contacts[0], into: contacts[1], of: bridge.workspace, as: merge, evidence: [:])
        await #expect(throws: ContactMerging.Failure.unknownMerge) { try await merging.undo(merge, of: stranger.workspace) }
        try await merging.undo(merge, of: bridge.workspace)
        await #expect(throws: ContactMerging.Failure.alreadyUndone) { try await merging.undo(merge, of: bridge.workspace) }
    }
}
