import CLibpq
import Foundation

/// The `PGconn` of one session. Used only on the session's thread; the pointer never leaves this file.
final class Link {
    private var pointer: OpaquePointer?

    /// The answers of a pipeline's steps, in order, up to the first failure.
    struct Outcome {
        var done: [QueryResult] = []
        var failure: PostgresError?
        /// The session ended before every answer was in.
        var isLost = false
    }

    static let lost = PostgresError(.connectionLost, "the connection was lost")

    var isBroken: Bool { self.pointer == nil || PQstatus(self.pointer) != CONNECTION_OK }
    /// Between transactions, and fit for the next.
    var isIdle: Bool { !self.isBroken && PQtransactionStatus(self.pointer) == PQTRANS_IDLE }
    var socket: Int32 { self.isBroken ? -1 : PQsocket(self.pointer) }

    deinit { self.close() }

    /// Connects, which may take as long as the settings' `connect_timeout`.
    func open(_ settings: ConnectionSettings, pipelined: Bool = true) throws(PostgresError) {
        let parameters = settings.parameters
        let names = parameters.map { strdup($0.name) }
        let values = parameters.map { strdup($0.value) }
        defer { for text in names + values { free(text) } }
        var keywords = names.map { UnsafePointer($0) } + [nil]
        var settings = values.map { UnsafePointer($0) } + [nil]
        self.pointer = PQconnectdbParams(&keywords, &settings, 1)
        guard PQstatus(self.pointer) == CONNECTION_OK else {
            // libpq's text may quote the URL's user and host, of a readable URL never its password.
            let message = String(cString: PQerrorMessage(self.pointer)).split(separator: "\n").first.map(String.init) ?? "no connection"
            self.close()
            throw PostgresError(.connectionLost, message)
        }
        PQsetNoticeProcessor(self.pointer, { _, _ in }, nil)  // the default prints warnings, rows and all, to our standard error
        PQsetnonblocking(self.pointer, 1)
        if pipelined { PQenterPipelineMode(self.pointer) }
    }

    func close() {
        guard let pointer = self.pointer else { return }
        PQfinish(pointer)
        self.pointer = nil
    }

    func cancelHandle() -> OpaquePointer? { self.pointer.flatMap { PQgetCancel($0) } }

    // MARK: - Pipelines

    func enterPipeline() { PQenterPipelineMode(self.pointer) }

    func sendPrepare(name: String, text: String, types: [UInt32]) throws(PostgresError) {
        guard !self.isBroken, PQsendPrepare(self.pointer, name, text, Int32(types.count), types) == 1 else { throw Self.lost }
    }

    func sendExecute(name: String, values: [SQL.BoundValue]) throws(PostgresError) {
        // All bytes lie in one buffer for the call; libpq copies them.
        var buffer: [UInt8] = []
        buffer.reserveCapacity(values.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        var offsets: [Int?] = []
        for value in values {
            offsets.append(value.bytes.map { _ in buffer.count })
            if let bytes = value.bytes { buffer += bytes }
        }
        buffer.append(0)  // an empty value still needs an address
        let lengths = values.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: values.count)
        let sent = buffer.withUnsafeBytes { bytes in
            let base = bytes.baseAddress!.assumingMemoryBound(to: CChar.self)
            let pointers = offsets.map { $0.map { base + $0 } }
            return PQsendQueryPrepared(self.pointer, name, Int32(values.count), pointers, lengths, formats, 1)
        }
        guard !self.isBroken, sent == 1 else { throw Self.lost }
    }

    /// Ends the pipeline and reads the answer of each step. A session that does not answer in time is closed.
    func settle(until deadline: ContinuousClock.Instant) -> Outcome {
        var outcome = Outcome()
        func lose() -> Outcome {
            self.close()
            // An ordinary error came first: then nothing was committed, and that error is the better answer.
            return Outcome(done: outcome.done, failure: outcome.failure ?? Self.lost, isLost: outcome.failure == nil || outcome.isLost)
        }
        guard !self.isBroken, PQpipelineSync(self.pointer) == 1 else { return lose() }
        while true {
            guard self.advance(until: deadline) else { return lose() }
            // NULL stands between the answers of two steps.
            guard let pointer = PQgetResult(self.pointer) else {
                if self.isBroken { return lose() }
                continue
            }
            let result = QueryResult(pointer)
            switch result.status {
            case PGRES_PIPELINE_SYNC: return outcome
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK: if outcome.failure == nil { outcome.done.append(result) }
            case PGRES_PIPELINE_ABORTED: break
            default:
                guard outcome.failure == nil else { break }
                outcome.failure = result.error
                outcome.isLost = result.isFatal
                if result.isFatal { outcome.failure?.code = .connectionLost }
            }
        }
    }

    /// Sends what is still to be sent and reads until an answer is whole. Both at once: a server whose answers nobody reads stops reading.
    private func advance(until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let unsent = PQflush(self.pointer)
            if PQisBusy(self.pointer) == 0 { return true }
            guard unsent >= 0, !self.isBroken else { return false }
            guard self.wait(for: Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0), until: deadline) else { return false }
            // At the end of the stream, what the server said last may still stand in the buffer.
            guard PQconsumeInput(self.pointer) == 1 else { return PQisBusy(self.pointer) == 0 }
        }
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) -> Bool {
        var entry = pollfd(fd: self.socket, events: events, revents: 0)
        while true {
            let ready = poll(&entry, 1, Self.milliseconds(until: deadline))
            if ready < 0, errno == EINTR { continue }
            return ready > 0
        }
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        // Rounded up: who gives up has waited to the end.
        Int32(clamping: max(0, Int64((ContinuousClock.now.duration(to: deadline) / .milliseconds(1)).rounded(.up))))
    }

    // MARK: - The simple protocol

    /// Runs a text of one or more statements outside pipeline mode.
    func script(_ text: String, until deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard !self.isBroken, PQexitPipelineMode(self.pointer) == 1, PQsendQuery(self.pointer, text) == 1 else { throw Self.lost }
        var failure: PostgresError?
        while true {
            guard self.advance(until: deadline) else {
                self.close()
                throw Self.lost
            }
            guard let pointer = PQgetResult(self.pointer) else { break }
            let result = QueryResult(pointer)
            if result.status == PGRES_FATAL_ERROR { failure = failure ?? result.error }
        }
        guard !self.isBroken else { throw Self.lost }
        if let failure { throw failure }
    }

    // MARK: - Notifications

    /// Blocks until the server sends something, `wake` turns readable or the deadline passes.
    ///
    /// - Returns: nil when the session is over.
    func notifications(orWake wake: Int32, until deadline: ContinuousClock.Instant) -> [(channel: String, payload: String)]? {
        var heard = self.received()
        if heard.isEmpty {
            var entries = [pollfd(fd: self.socket, events: Int16(POLLIN), revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
            _ = poll(&entries, 2, Self.milliseconds(until: deadline))
            guard !self.isBroken, PQconsumeInput(self.pointer) == 1, !self.isBroken else { return nil }
            heard = self.received()
        }
        return heard
    }

    private func received() -> [(channel: String, payload: String)] {
        var out: [(String, String)] = []
        while !self.isBroken, let notice = PQnotifies(self.pointer) {
            out.append((String(cString: notice.pointee.relname), String(cString: notice.pointee.extra)))
            PQfreemem(notice)
        }
        return out
    }
}
