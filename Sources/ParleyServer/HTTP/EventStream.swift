package import Parley

/// One answer that goes on for hours: Server-Sent Events, written as fast as the peer reads and no faster.
///
/// Source: WHATWG HTML, section 9.2 "Server-sent events".
package actor EventStream {
    /// The peer is gone, or the process stops: end what feeds the stream.
    package struct Ended: Error {}

    private var waiting: [UInt8]
    private var isEnded = false
    private var reader: CheckedContinuation<Void, Never>?
    private var writers: [CheckedContinuation<Void, Never>] = []
    /// Bytes a producer may be ahead of the socket.
    private static let room = 256 * 1024

    /// - Parameter retry: what the browser is told to wait before it connects anew.
    init(retry: Duration = .seconds(2)) { self.waiting = Array("retry: \(Int(retry / .milliseconds(1)))\n\n".utf8) }

    /// Returns when there is room again, so that whoever produces is held up by who reads.
    ///
    /// - Parameters:
    ///   - event: of `a–z` and `-`.
    ///   - id: what `Last-Event-ID` will name; nil when the event is not one to resume from. Holds no line break.
    /// - Throws: `Ended`.
    package func send(event: String, id: String? = nil, data: JSON) async throws(Ended) {
        guard !self.isEnded else { throw Ended() }
        self.write((id.map { "id: \($0)\n" } ?? "") + "event: \(event)\ndata: \(data.text)\n\n")
        while self.waiting.count > Self.room, !self.isEnded {
            await withCheckedContinuation { self.writers.append($0) }
        }
        if self.isEnded { throw Ended() }
    }

    /// A line that says nothing but that the connection lives. Not needed while something else waits to be sent.
    func beat() { if !self.isEnded, self.waiting.isEmpty { self.write(": ping\n\n") } }

    /// Sends what waits, says goodbye and ends.
    func stop() {
        guard !self.isEnded else { return }
        self.write("event: bye\ndata: {\"retryMs\":500}\n\n")
        self.end()
    }

    /// What waits is still sent when the reader asks for it.
    func end() {
        self.isEnded = true
        self.wakeReader()
        self.wakeWriters()
    }

    /// All that waits, as soon as something does; nil at the end.
    func next() async -> [UInt8]? {
        if self.waiting.isEmpty, !self.isEnded {
            await withCheckedContinuation { self.reader = $0 }
        }
        guard !self.waiting.isEmpty else { return nil }
        defer {
            self.waiting = []
            self.wakeWriters()
        }
        return self.waiting
    }

    private func write(_ text: String) {
        self.waiting += Array(text.utf8)
        self.wakeReader()
    }

    private func wakeReader() {
        self.reader?.resume()
        self.reader = nil
    }

    private func wakeWriters() {
        for writer in self.writers { writer.resume() }
        self.writers = []
    }
}
