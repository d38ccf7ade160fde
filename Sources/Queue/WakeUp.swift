import Postgres

/// What a NOTIFY on a queue's channel says.
enum WakeUp: Hashable, Sendable {
    /// There are new jobs in these lanes.
    case jobs([Int16])
    /// Lanes came free, or a worker joined: look at the leases.
    case leases
    /// Jobs of the lane were changed from outside; read it from its start.
    case changed(Int16)

    init?(_ text: String) {
        let (verb, rest) = text.firstIndex(of: " ").map { (text[..<$0], text[$0...].dropFirst()) } ?? (text[...], "")
        let lanes = rest.split(separator: ",").compactMap { Int16($0) }
        switch (verb, lanes.first) {
        case ("jobs", _): self = .jobs(lanes)
        case ("leases", _): self = .leases
        case ("changed", let lane?): self = .changed(lane)
        default: return nil
        }
    }

    var text: String {
        switch self {
        case .jobs(let lanes): "jobs " + lanes.map(String.init).joined(separator: ",")
        case .leases: "leases"
        case .changed(let lane): "changed \(lane)"
        }
    }

    func notification(on queue: QueueName) -> SQL { "SELECT pg_notify(\(queue.channel), \(self.text))" }
}
