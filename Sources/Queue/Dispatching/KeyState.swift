import Foundation

/// The jobs of one key: some in flight in one call, a few more in memory, the rest in the table.
struct KeyState: Sendable {
    /// In memory per key; a busier key reads its next ones from the table.
    static let limit = 16

    let workspace: UUID
    /// In order, all in one call: later ones begin when these have ended.
    var running: [Int64] = []
    /// In order, behind `running`.
    var waiting: [Job] = []
    /// From this id on there may be jobs in the table that are not in `waiting`.
    var gap: Int64?

    /// Whether the job is new here; it goes to its place by id, or beyond the gap.
    mutating func accept(_ job: Job) -> Bool {
        if self.running.contains(job.id) || self.waiting.contains(where: { $0.id == job.id }) { return false }
        if let gap = self.gap, job.id >= gap { return false }
        guard self.waiting.count < Self.limit else {
            self.gap = job.id
            return false
        }
        let place = self.waiting.firstIndex { $0.id > job.id } ?? self.waiting.endIndex
        self.waiting.insert(job, at: place)
        return true
    }

    /// Leaves everything behind `id` to a later seek; returns the jobs that were in memory.
    ///
    /// For a job that stands in the table as waiting: scans pass over the later ones of its key, those that commit late included.
    mutating func truncate(after id: Int64) -> [Job] {
        let later = self.waiting.filter { $0.id > id }
        self.waiting.removeAll { $0.id > id }
        self.gap = min(self.gap ?? .max, id + 1)
        return later
    }
}
