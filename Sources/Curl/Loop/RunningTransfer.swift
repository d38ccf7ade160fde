import CLibcurl
import Foundation
import Synchronization

/// One transfer on its way: its easy handle, what it has sent, what came back. Lives on the loop's thread.
final class RunningTransfer {
    let ticket: Ticket
    private let continuation: CheckedContinuation<TransferResult, Never>
    var easy: UnsafeMutableRawPointer?
    var headerList: UnsafeMutablePointer<curl_slist>?
    var recipientList: UnsafeMutablePointer<curl_slist>?
    var nameList: UnsafeMutablePointer<curl_slist>?
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Bytes of the body handed to libcurl.
    private var sent = 0
    private var hasRefusedRewind = false
    var answer = AnswerReader()
    var dialogue = Dialogue()
    var egress = EgressPolicy()
    private var deniedAddress: IPAddress?
    private var hasOpenedSocket = false
    private var closingSince: ContinuousClock.Instant?

    init(_ ticket: Ticket, _ continuation: CheckedContinuation<TransferResult, Never>) {
        self.ticket = ticket
        self.continuation = continuation
        self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.answer.limit = ticket.transfer.answerLimit
    }

    deinit {
        if let easy = self.easy { curl_easy_cleanup(easy) }
        curl_slist_free_all(self.headerList)
        curl_slist_free_all(self.nameList)
        curl_slist_free_all(self.recipientList)
        self.errorText.deallocate()
    }

    /// Called exactly once.
    func report(_ result: TransferResult) { self.continuation.resume(returning: result) }

    // MARK: - What became of it

    func result(of code: CURLcode) -> TransferResult {
        switch self.ticket.transfer {
        case .http:
            guard code == CURLE_OK else { return self.failure(code) }
            guard self.answer.hasWholeHead else {
                return .failure(self.error(.interrupted, detail: "the connection ended in the head"))
            }
            var status = 0
            parley_curl_get_long(self.easy, CURLINFO_RESPONSE_CODE, &status)
            return .success(TransferAnswer(status: status, headers: self.answer.headers, body: self.answer.body))
        case .mail:
            guard code == CURLE_OK || self.isRefusal(code) else { return self.failure(code) }
            return .success(TransferAnswer(status: self.dialogue.code, body: Array(self.dialogue.text.utf8)))
        case .mailbox:
            guard code == CURLE_OK else { return self.failure(code) }
            return .success(TransferAnswer(status: 0, body: self.answer.body))
        }
    }

    private func failure(_ code: CURLcode) -> TransferResult {
        .failure(self.error(self.reason(of: code), detail: self.detail(of: code)))
    }

    /// A server that says no has answered. What is said about STARTTLS is no answer to the mail, and a time that ran out is none at all.
    private func isRefusal(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_WEIRD_SERVER_REPLY, CURLE_LOGIN_DENIED, CURLE_REMOTE_ACCESS_DENIED,
            CURLE_GOT_NOTHING:
            self.dialogue.isRefusal
        default: false
        }
    }

    func error(_ reason: TransferError.Reason, detail: String) -> TransferError {
        TransferError(reason, phase: self.mayHaveArrived ? .afterSend : .beforeSend, detail: detail)
    }

    /// The ambiguity window opens when the last byte that can cause delivery is handed over: the end of the body, or of the head
    /// when there is no body. What libcurl took may still be in its buffer; taking it for sent errs on the safe side.
    private var mayHaveArrived: Bool {
        switch self.ticket.transfer {
        case .mail(let mail, _):
            // The final dot leaves by itself once the last byte was taken by the network.
            var written: curl_off_t = 0
            parley_curl_get_offset(self.easy, CURLINFO_SIZE_UPLOAD_T, &written)
            return self.sent == mail.message.count && written >= mail.message.count
        case .mailbox: return false
        case .http: break
        }
        guard self.ticket.transfer.body.isEmpty else { return self.sent == self.ticket.transfer.body.count }
        var headBytes = 0
        parley_curl_get_long(self.easy, CURLINFO_REQUEST_SIZE, &headBytes)
        return headBytes > 0
    }

    private func reason(of code: CURLcode) -> TransferError.Reason {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .resolve
        case CURLE_COULDNT_CONNECT: self.deniedAddress != nil && !self.hasOpenedSocket ? .egressDenied : .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CACERT_BADFILE, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        case CURLE_WRITE_ERROR where self.answer.isTooLarge: .tooLarge
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            .badAnswer
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND: .interrupted
        case CURLE_URL_MALFORMAT: .invalidRequest
        case CURLE_LOGIN_DENIED, CURLE_QUOTE_ERROR, CURLE_REMOTE_FILE_NOT_FOUND, CURLE_REMOTE_ACCESS_DENIED: .refused
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        default: .failed
        }
    }

    /// Only what is said before a peer has spoken is quoted: later words may be the peer's.
    private func detail(of code: CURLcode) -> String {
        if self.hasRefusedRewind { return "a kept connection ended after the request had been sent on it" }
        let fixed = String(cString: curl_easy_strerror(code))
        switch self.reason(of: code) {
        case .egressDenied: return "\(self.deniedAddress.map(\.description) ?? "the address") may not be reached"
        case .tls where code == CURLE_USE_SSL_FAILED: return "the server offers no STARTTLS, or refuses it"
        case .refused:
            switch code {
            case CURLE_LOGIN_DENIED: return "the server takes no log-in with this user name and password"
            case CURLE_REMOTE_FILE_NOT_FOUND: return "there is no such mailbox or message, or its UIDVALIDITY is another"
            default: return "the server refused a command"
            }
        case .resolve, .connect, .tls: return self.errorText.pointee == 0 ? fixed : String(cString: self.errorText)
        default: return fixed
        }
    }

    // MARK: - Called by libcurl

    func take(header bytes: UnsafeRawBufferPointer) -> Int {
        switch self.ticket.transfer {
        case .http: return self.answer.take(header: bytes)
        case .mail: self.dialogue.take(bytes)
        case .mailbox: break  // what matters of it comes as body, too
        }
        return bytes.count
    }

    /// False ends the transfer: libcurl waits in places where only this is asked.
    ///
    /// The goodbye of a server that has said all that matters is waited for a second, not longer.
    func mayGoOn() -> Bool {
        guard !self.ticket.isCancelled.load(ordering: .relaxed) else { return false }
        guard self.dialogue.isClosing else { return true }
        let now = ContinuousClock.now
        let since = self.closingSince ?? now
        self.closingSince = since
        return now - since < .seconds(1)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let body = self.ticket.transfer.body
        let count = min(buffer.count, body.count - self.sent)
        body.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[self.sent..<self.sent + count])) }
        self.sent += count
        return count
    }

    /// libcurl rewinds when a kept connection ended without an answer, before it sends the request again on a new one. The peer may
    /// have acted on a request that had left as a whole; a second one is for the sender to decide about, so that rewind is refused.
    func rewind(to offset: Int, origin: Int32) -> Int32 {
        guard offset == 0, origin == SEEK_SET, self.sent < self.ticket.transfer.body.count else {
            self.hasRefusedRewind = true
            return CURL_SEEKFUNC_FAIL
        }
        self.sent = 0
        return CURL_SEEKFUNC_OK
    }

    /// The egress guard: between the look-up and the connection there is no other place to stand.
    func open(_ target: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let raw = UnsafeRawPointer(target) + MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
        guard let address = IPAddress(raw.assumingMemoryBound(to: sockaddr.self)), self.egress.permits(address) else {
            self.deniedAddress = IPAddress(raw.assumingMemoryBound(to: sockaddr.self))
            return CURL_SOCKET_BAD
        }
        let descriptor = socket(target.pointee.family, target.pointee.socktype, target.pointee.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.hasOpenedSocket = true
        return descriptor
    }
}
