package import Foundation
package import Postgres

/// Changing jobs that are in the queue. A job in flight is finished as it was begun; the owner of the lane reads everything else anew.
extension QueueAdmin {
    /// Which jobs are meant.
    package enum Selection: Hashable, Sendable {
        /// All jobs the key has now; later ones wait behind them.
        case key(String)
        case job(id: Int64, key: String)

        var key: String {
            switch self {
            case .key(let key), .job(_, let key): key
            }
        }

        func condition(on queue: QueueName) -> SQL {
            let lane = Lanes.lane(of: self.key)
            return switch self {
            case .key(let key): "lane = \(lane) AND queue = \(queue.rawValue) AND key = \(key)"
            case .job(let id, let key): "lane = \(lane) AND queue = \(queue.rawValue) AND id = \(id) AND key = \(key)"
            }
        }
    }

    /// Holds jobs, and with them the later ones of their key, until they are released.
    ///
    /// - Returns: how many.
    package func hold(_ selection: Selection, in queue: QueueName, _ transaction: some Queries) async throws(PostgresError) -> Int {
        let count = try await transaction.execute(
            "UPDATE jobs SET held = true, waiting = true WHERE NOT held AND \(selection.condition(on: queue))"
        )
        try await self.tell(queue, of: selection, transaction)
        return count
    }

    /// Lets held jobs run, in their order.
    package func release(_ selection: Selection, in queue: QueueName, _ transaction: some Queries) async throws(PostgresError) -> Int {
        let count = try await transaction.execute(
            "UPDATE jobs SET held = false, run_at = now() WHERE held AND \(selection.condition(on: queue))"
        )
        try await self.tell(queue, of: selection, transaction)
        return count
    }

    /// Lets jobs that wait for their moment run now. Their workers find them at the next poll.
    ///
    /// It looks at every job of the queue that waits: for what a person does, not for a loop.
    package static func wake(keysEnding suffix: String, of workspace: UUID, in queue: QueueName) -> SQL {
        """
        UPDATE jobs SET run_at = now()
        WHERE lane = ANY(\(Array(Lanes.all))) AND queue = \(queue.rawValue) AND waiting AND NOT held AND run_at > now()
            AND workspace_id = \(workspace) AND right(key, length(\(suffix))) = \(suffix)
        """
    }

    /// Removes jobs for good.
    package func drop(_ selection: Selection, in queue: QueueName, _ transaction: some Queries) async throws(PostgresError) -> Int {
        let gone = try await transaction.query("DELETE FROM jobs WHERE \(selection.condition(on: queue)) RETURNING waiting")
        var wasWaiting = false
        for row in gone { wasWaiting = try row.value("waiting") || wasWaiting }
        if wasWaiting {
            // What is now the first job of the key may lie where the owner has already read past the one that waited. As a job that is
            // due it is found even if the wake-up gets lost.
            let lane = Lanes.lane(of: selection.key)
            _ = try await transaction.execute(
                """
                UPDATE jobs SET waiting = true, run_at = now()
                WHERE NOT waiting AND lane = \(lane) AND queue = \(queue.rawValue) AND id = (
                    SELECT min(id) FROM jobs WHERE lane = \(lane) AND queue = \(queue.rawValue) AND key = \(selection.key))
                """
            )
        }
        try await self.tell(queue, of: selection, transaction)
        return gone.count
    }

    private func tell(_ queue: QueueName, of selection: Selection, _ transaction: some Queries) async throws(PostgresError) {
        _ = try await transaction.query(WakeUp.changed(Lanes.lane(of: selection.key)).notification(on: queue))
    }
}
