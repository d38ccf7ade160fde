/// Events by time, then by the order they were made in.
struct Heap {
    struct Event {
        let at: Int
        let number: Int
        let body: () -> Void

        func isBefore(_ other: Event) -> Bool { (self.at, self.number) < (other.at, other.number) }
    }

    private var events: [Event] = []

    mutating func insert(_ event: Event) {
        self.events.append(event)
        var child = self.events.count - 1
        while child > 0, self.events[child].isBefore(self.events[(child - 1) / 2]) {
            self.events.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Event? {
        guard let first = self.events.first else { return nil }
        self.events[0] = self.events[self.events.count - 1]
        self.events.removeLast()
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < self.events.count }
            guard let least = children.min(by: { self.events[$0].isBefore(self.events[$1]) }) else { break }
            guard self.events[least].isBefore(self.events[parent]) else { break }
            self.events.swapAt(least, parent)
            parent = least
        }
        return first
    }
}
