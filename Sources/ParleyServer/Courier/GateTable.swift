import Foundation
import Parley
import Postgres

/// The rows that one batch of gate calls is about, locked, judged and written back.
struct GateTable {
    struct BudgetKey: Hashable {
        var workspace: UUID
        var channel: UUID
        /// Empty for the channel's own budget.
        @Exact var recipient = ""
    }

    private let now: Date
    private var budgets: [BudgetKey: SendBudget]
    private var breakers: [BudgetKey: Breaker]
    private var changedBudgets: Set<BudgetKey> = []
    private var changedBreakers: Set<BudgetKey> = []

    init(now: Date, budgets: [BudgetKey: SendBudget] = [:], breakers: [BudgetKey: Breaker] = [:]) {
        self.now = now
        self.budgets = budgets
        self.breakers = breakers
    }

    mutating func answer(_ call: SendGate.Call) -> SendGate.Answer {
        let channel = BudgetKey(workspace: call.workspace.uuid, channel: call.channel.uuid)
        switch call.kind {
        case .report(let health, let pause):
            if let health {
                self.breakers[channel, default: Breaker()].record(health, at: self.now)
                self.changedBreakers.insert(channel)
            }
            if let pause {
                self.budgets[channel, default: SendBudget(nextAt: self.now)].pause(until: self.now.addingTimeInterval(pause.seconds))
                self.changedBudgets.insert(channel)
            }
            return .go(in: .zero)
        case .admit(let recipient, let limits):
            return self.admit(recipient: recipient, limits: limits, channel: channel)
        }
    }

    private mutating func admit(recipient: String, limits: SendLimits, channel: BudgetKey) -> SendGate.Answer {
        let admission = self.breakers[channel]?.admission(at: self.now) ?? .go
        if case .wait(let wait) = admission { return .wait(wait) }
        let person = BudgetKey(workspace: channel.workspace, channel: channel.channel, recipient: recipient)
        // Nothing is spent for one who must wait, so that his wait uses up nobody else's turn.
        let own = limits.perRecipientSeconds > 0 ? self.budgets[person]?.wait(at: self.now) ?? 0 : 0
        let shared = self.budgets[channel]?.wait(at: self.now) ?? 0
        let wait = max(own, shared)
        guard wait <= SendGate.horizon.seconds else { return .wait(.milliseconds(Int64((wait * 1_000).rounded(.up)))) }
        let moment = self.now.addingTimeInterval(wait)
        if limits.gap > 0 { self.spend(channel, at: moment, gap: limits.gap) }
        if limits.perRecipientSeconds > 0 { self.spend(person, at: moment, gap: limits.perRecipientSeconds) }
        if admission == .probe {
            self.breakers[channel]?.beginProbe(at: self.now)
            self.changedBreakers.insert(channel)
        }
        return .go(in: .milliseconds(Int64((wait * 1_000).rounded(.up))))
    }

    private mutating func spend(_ key: BudgetKey, at moment: Date, gap: Double) {
        self.budgets[key, default: SendBudget(nextAt: moment)].spend(at: moment, gap: gap)
        self.changedBudgets.insert(key)
    }
}

extension GateTable {
    /// Makes and locks, in one order for all couriers, the rows that `calls` are about.
    static func lock(_ calls: [SendGate.Call], in transaction: Transaction) async throws -> GateTable {
        var channels: Set<BudgetKey> = []
        var wanted: Set<BudgetKey> = []
        for call in calls {
            let channel = BudgetKey(workspace: call.workspace.uuid, channel: call.channel.uuid)
            channels.insert(channel)
            switch call.kind {
            case .report(_, let pause): if pause != nil { wanted.insert(channel) }
            case .admit(let recipient, let limits):
                wanted.insert(channel)
                if limits.perRecipientSeconds > 0 {
                    wanted.insert(BudgetKey(workspace: channel.workspace, channel: channel.channel, recipient: recipient))
                }
            }
        }
        let keys = Array(wanted)
        let own = Array(channels)
        let rows = try await transaction.pipeline([
            "SET LOCAL synchronous_commit = off",
            """
            INSERT INTO breakers (workspace_id, channel_id)
            SELECT w, c FROM unnest(\(own.map(\.workspace)), \(own.map(\.channel))) AS k (w, c) ORDER BY 1, 2 ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO send_budgets (workspace_id, channel_id, recipient, next_at)
            SELECT w, c, r, to_timestamp(0) FROM unnest(\(keys.map(\.workspace)), \(keys.map(\.channel)), \(keys.map(\.recipient))) AS k (w, c, r)
            ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
            """,
            """
            SELECT b.workspace_id, b.channel_id, b.failures::int8 AS failures, b.open_until
            FROM breakers b JOIN unnest(\(own.map(\.workspace)), \(own.map(\.channel))) AS k (w, c) ON b.workspace_id = w AND b.channel_id = c
            ORDER BY 1, 2 FOR UPDATE OF b
            """,
            """
            SELECT b.workspace_id, b.channel_id, b.recipient, b.next_at FROM send_budgets b
            JOIN unnest(\(keys.map(\.workspace)), \(keys.map(\.channel)), \(keys.map(\.recipient))) AS k (w, c, r)
                ON b.workspace_id = w AND b.channel_id = c AND b.recipient = r
            ORDER BY 1, 2, 3 FOR UPDATE OF b
            """,
            "SELECT clock_timestamp() AS now",
        ])
        var table = GateTable(now: try rows[5][0].value("now"))
        for row in rows[3] {
            let key = BudgetKey(workspace: try row.value("workspace_id"), channel: try row.value("channel_id"))
            table.breakers[key] = Breaker(failures: try row.value("failures"), openUntil: try row.optional("open_until"))
        }
        for row in rows[4] {
            let key = BudgetKey(
                workspace: try row.value("workspace_id"),
                channel: try row.value("channel_id"),
                recipient: try row.value("recipient")
            )
            table.budgets[key] = SendBudget(nextAt: try row.value("next_at"))
        }
        return table
    }

    func write(to transaction: Transaction) async throws {
        var statements: [SQL] = []
        if !self.changedBreakers.isEmpty {
            let keys = Array(self.changedBreakers)
            let values = keys.map { self.breakers[$0] ?? Breaker() }
            statements.append(
                """
                UPDATE breakers b SET failures = k.f, open_until = k.u
                FROM unnest(\(keys.map(\.workspace)), \(keys.map(\.channel)), \(values.map { Int32($0.failures) }), \(values.map(\.openUntil))) AS k (w, c, f, u)
                WHERE b.workspace_id = k.w AND b.channel_id = k.c
                """
            )
        }
        if !self.changedBudgets.isEmpty {
            let keys = Array(self.changedBudgets)
            let values = keys.map { self.budgets[$0]?.nextAt ?? self.now }
            statements.append(
                """
                UPDATE send_budgets b SET next_at = k.n
                FROM unnest(\(keys.map(\.workspace)), \(keys.map(\.channel)), \(keys.map(\.recipient)), \(values)) AS k (w, c, r, n)
                WHERE b.workspace_id = k.w AND b.channel_id = k.c AND b.recipient = k.r
                """
            )
        }
        if !statements.isEmpty { _ = try await transaction.pipeline(statements) }
    }
}
