import Foundation
import TestSupport
import Testing

@testable import Parley

/// I8: threading is a function of the stored inputs.
@Suite struct ThreadingReplayTests {
    enum Step { case item(ThreadingItem), end(ThreadSlot) }

    /// What happened in each ordering key, in order: two workspaces on the same numbers, threads shared by people, repeats, edits, ends.
    static func history(seed: UInt64) -> (policies: [ChannelID: ChannelPolicy], keys: [[Step]]) {
        var random = SeededGenerator(seed: seed)
        var ids = MomentIDs(random: SeededGenerator(seed: ~seed))
        let start = Date(timeIntervalSince1970: 1_770_000_000)
        var policies: [ChannelID: ChannelPolicy] = [:]
        var keys: [[Step]] = []
        for workspace in (0..<2).map({ _ in ids.next(at: start) as WorkspaceID }) {
            for number in 0..<3 {
                let channel: ChannelID = ids.next(at: start)
                policies[channel] = ChannelPolicy(ended: number == 0 ? .reopen : .new)
                for place in 0..<4 {
                    let thread = number == 2 ? "C\(place)" : nil
                    var steps: [Step] = []
                    var overtaking: [Step] = []
                    for turn in 0..<Int.random(in: 1...12, using: &random) {
                        let author = thread == nil ? place : Int.random(in: 0..<3, using: &random)
                        let from = Address(space: AddressSpace(rawValue: "sms"), value: "+1500555010\(author)")
                        func item(_ event: InboundEvent) -> Step {
                            let at = start.addingTimeInterval(Double(keys.count * 100 + turn))
                            return .item(ThreadingItem(job: 0, workspace: workspace, channel: channel, event: event, receivedAt: at))
                        }
                        let id = "\(workspace)-\(number)-\(place)-\(turn)"
                        let message = InboundMessage(externalID: id, from: from, text: "", thread: thread)
                        steps.append(item(.message(message)))
                        switch Int.random(in: 0..<8, using: &random) {
                        case 0: steps.append(item(.message(message)))
                        case 1: steps.append(item(.edit(InboundEdit(externalID: id, revision: "1", text: "", thread: thread, from: from))))
                        case 2: overtaking.append(item(.edit(InboundEdit(externalID: id, revision: "2", text: ""))))
                        case 3: overtaking.append(item(.deletion(InboundDeletion(externalID: "never-\(id)"))))
                        case 4:
                            steps.append(
                                .end(ThreadSlot(workspace: workspace, channel: channel, key: ThreadKey(thread: thread, address: from)))
                            )
                        default: break
                        }
                    }
                    keys.append(steps)
                    keys += overtaking.map { [$0] }
                }
            }
        }
        return (policies, keys)
    }

    /// Interleaves the keys at random, keeps the order within each, cuts batches anywhere and works off what had to wait.
    static func replay(_ history: (policies: [ChannelID: ChannelPolicy], keys: [[Step]]), seed: UInt64, largest: Int) -> Ledger.Outcome {
        var random = SeededGenerator(seed: seed)
        var ids = MomentIDs(random: SeededGenerator(seed: ~seed))
        var ledger = Ledger(policies: history.policies)
        var keys = history.keys.map { $0[...] }
        var waiting: [ThreadingItem] = []
        var batch: [ThreadingItem] = []
        var room = Int.random(in: 1...largest, using: &random)
        func flush() {
            waiting += ledger.work(batch, ids: &ids)
            batch = []
            room = Int.random(in: 1...largest, using: &random)
        }
        while let key = keys.indices.filter({ !keys[$0].isEmpty }).randomElement(using: &random) {
            switch keys[key].removeFirst() {
            case .item(let item): batch.append(item)
            case .end(let slot):
                flush()
                ledger.end(slot)
            }
            if batch.count >= room { flush() }
        }
        flush()
        while !waiting.isEmpty {
            batch = waiting.map { item in
                var item = item
                item.deferrals += 1
                return item
            }
            waiting = []
            flush()
        }
        return ledger.outcome
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `any interleaving and any cut into batches gives the same conversations`(seed: UInt64) {
        let history = Self.history(seed: seed)
        let oneByOne = Self.replay(history, seed: seed, largest: 1)
        for run in 1...5 as ClosedRange<UInt64> {
            #expect(Self.replay(history, seed: seed &* 31 &+ run, largest: 50) == oneByOne)
        }
    }

    @Test func `the same batch from the same seed is the same plan to the last id`() {
        let history = Self.history(seed: 7)
        let items = history.keys.joined().compactMap { step in if case .item(let item) = step { item } else { nil } }
        func plan() -> ThreadingPlan {
            var ids = MomentIDs(random: SeededGenerator(seed: 3))
            return ThreadingPlan.make(for: items, knowing: ThreadingKnowledge(policies: history.policies), ids: &ids)
        }
        #expect(plan() == plan())
        #expect(plan().messages.count > 100)
    }
}
