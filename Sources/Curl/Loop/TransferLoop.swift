import CLibcurl
import Foundation
import Synchronization

/// A `curl_multi` handle and the thread that drives it. Everything but `inbox` belongs to that thread.
final class TransferLoop: Sendable {
    private enum Order {
        case start(Ticket, CheckedContinuation<TransferResult, Never>)
        case cancel(Ticket)
    }
    private struct Inbox {
        var orders: [Order] = []
        /// Nil once the thread has closed it: the one call allowed from other threads is `curl_multi_wakeup`, under the lock.
        var multi: MultiHandle?
        var isStopping = false
    }
    private struct MultiHandle: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }

    private let inbox: Mutex<Inbox>

    init(settings: ClientSettings) throws(TransferError) {
        guard Self.isReady, let pointer = curl_multi_init() else { throw TransferError(.failed, detail: "libcurl did not start") }
        let multi = MultiHandle(pointer: pointer)
        self.inbox = Mutex(Inbox(multi: multi))
        guard parley_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, settings.keptConnections) == CURLM_OK else {
            curl_multi_cleanup(pointer)
            throw TransferError(.failed, detail: "libcurl refused a limit of connections")
        }
        let thread = Thread { self.run(multi.pointer, settings: settings) }
        thread.name = "curl"
        thread.start()
    }

    /// - Throws: `TransferError`; a cancelled task gets `.cancelled`.
    func run(_ transfer: Transfer) async throws(TransferError) -> TransferAnswer {
        let ticket = Ticket(transfer: transfer)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { self.give(.start(ticket, $0)) }
        } onCancel: {
            ticket.isCancelled.store(true, ordering: .relaxed)
            self.give(.cancel(ticket))
        }
        return try result.get()
    }

    /// Ends the thread. Only called when no transfer is waiting.
    func stop() {
        self.inbox.withLock { inbox in
            inbox.isStopping = true
            if let multi = inbox.multi { curl_multi_wakeup(multi.pointer) }
        }
    }

    private func give(_ order: sending Order) {
        self.inbox.withLock { inbox in
            inbox.orders.append(order)
            if let multi = inbox.multi { curl_multi_wakeup(multi.pointer) }
        }
    }

    // MARK: - The thread

    private func run(_ multi: UnsafeMutableRawPointer, settings: ClientSettings) {
        // OpenSSL writes without MSG_NOSIGNAL, and libcurl told to keep off signals does not stop a dead peer's SIGPIPE from ending us.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var running: [UnsafeMutableRawPointer: RunningTransfer] = [:]
        while let orders = self.takeOrders() {
            for order in orders {
                switch order {
                case .start(let ticket, let continuation):
                    let transfer = RunningTransfer(ticket, continuation)
                    do throws(TransferError) {
                        guard !ticket.isCancelled.load(ordering: .relaxed) else {
                            throw TransferError(.cancelled, detail: "cancelled before it began")
                        }
                        let easy = try transfer.prepare(settings: settings)
                        guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
                            throw TransferError(.failed, detail: "libcurl took no transfer")
                        }
                        running[easy] = transfer
                    } catch {
                        transfer.report(.failure(error))
                    }
                case .cancel(let ticket):
                    guard let (easy, transfer) = running.first(where: { $0.value.ticket === ticket }) else { continue }
                    curl_multi_remove_handle(multi, easy)
                    running[easy] = nil
                    transfer.report(.failure(transfer.error(.cancelled, detail: "cancelled by the sender")))
                }
            }
            var alive: Int32 = 0
            curl_multi_perform(multi, &alive)
            while let (easy, code) = Self.finished(in: multi) {
                curl_multi_remove_handle(multi, easy)
                if let transfer = running.removeValue(forKey: easy) { transfer.report(transfer.result(of: code)) }
            }
            // Woken by traffic, by libcurl's own timers or by an order; the minute is only a net.
            curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        curl_multi_cleanup(multi)
    }

    /// Nil when the loop is to end.
    private func takeOrders() -> [Order]? {
        self.inbox.withLock { inbox in
            guard !inbox.isStopping else {
                inbox.multi = nil
                return nil
            }
            defer { inbox.orders.removeAll(keepingCapacity: true) }
            return inbox.orders
        }
    }

    private static func finished(in multi: UnsafeMutableRawPointer) -> (UnsafeMutableRawPointer, CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle { return (easy, message.pointee.data.result) }
        }
        return nil
    }

    /// libcurl is started once for the process, whoever asks first.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
}
