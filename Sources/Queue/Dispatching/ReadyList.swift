import Foundation

/// The keys that have a job to run now, first in first out within a workspace, and workspace by workspace: whoever has a thousand
/// keys waiting delays whoever has one by a single turn.
struct ReadyList: Sendable {
    private var turns: [UUID] = []
    private var keys: [UUID: [KeyRef]] = [:]

    var isEmpty: Bool { self.turns.isEmpty }

    mutating func append(_ key: KeyRef, of workspace: UUID) {
        if self.keys[workspace] == nil { self.turns.append(workspace) }
        self.keys[workspace, default: []].append(key)
    }

    mutating func popFirst() -> KeyRef? {
        guard !self.turns.isEmpty else { return nil }
        let workspace = self.turns.removeFirst()
        guard var waiting = self.keys.removeValue(forKey: workspace), !waiting.isEmpty else { return nil }
        let key = waiting.removeFirst()
        if !waiting.isEmpty {
            self.keys[workspace] = waiting
            self.turns.append(workspace)
        }
        return key
    }

    mutating func removeAll(of lane: Int16) {
        for (workspace, waiting) in self.keys {
            let rest = waiting.filter { $0.lane != lane }
            self.keys[workspace] = rest.isEmpty ? nil : rest
        }
        self.turns.removeAll { self.keys[$0] == nil }
    }
}
