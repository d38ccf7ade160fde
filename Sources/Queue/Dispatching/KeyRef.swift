/// A key within its lane.
struct KeyRef: Hashable, Sendable {
    let lane: Int16
    let key: String
}

extension Job {
    var reference: KeyRef { KeyRef(lane: self.lane, key: self.key) }
}
