import Channels
import Curl
import Foundation
import Logging
import Parley

extension Courier {
    /// Sends one request and has the adapter judge the answer. Never throws: whatever happens is an outcome.
    typealias Exchange = () async -> SendResult

    /// Waits until the request could leave at once, and keeps its place while `attempt` makes the exchange, or does not: a wait is no try.
    func whenItsTurn(_ sending: Sending, _ attempt: (Exchange) async throws -> Settled) async throws -> Settled {
        switch sending.request {
        case .kept:
            try await attempt {
                SendResult(outcome: .accepted(externalID: sending.delivery.message.id.description), httpStatus: nil, detail: nil)
            }
        case .mail(let mail):
            try await self.mail.turn(for: MailTransfer(mail)) { turn in
                try await attempt { await self.exchange(mail, on: turn, sending) }
            }
        case .http(let call): try await attempt { await self.exchange(call, sending) }
        case .step(let call, let number): try await attempt { await self.exchange(call, asStep: number, of: sending) }
        case .later:
            try await attempt { SendResult(outcome: .retry(reason: .failing, after: nil), httpStatus: nil, detail: "bad_result") }
        }
    }

    private func exchange(_ call: HTTPCall, _ sending: Sending) async -> SendResult {
        do { return await self.judged(try await self.client.answer(to: call), sending) } catch { return Self.result(of: error) }
    }

    private func exchange(_ mail: MailRequest, on turn: MailTurn, _ sending: Sending) async -> SendResult {
        guard !mail.url.isEmpty else {
            return SendResult(outcome: .refused(reason: .policy, code: "no_smtp_url", detail: ""), httpStatus: nil, detail: "no_smtp_url")
        }
        do {
            let reply = try await turn.send()
            let headers = [MailReplyMeaning.messageIDHeader: mail.messageID]
            return await self.judged(ProviderAnswer(status: reply.code, headers: headers, body: Array(reply.text.utf8)), sending)
        } catch {
            return Self.result(of: error)
        }
    }

    private func judged(_ answer: ProviderAnswer, _ sending: Sending) async -> SendResult {
        do {
            let outcome = try await sending.adapter.judge(answer, for: sending.account)
            return SendResult(outcome: Self.withRetryAfter(outcome, of: answer), httpStatus: answer.status, detail: outcome.detail)
        } catch {
            self.note(error, of: sending)
            return SendResult(
                outcome: .ambiguous(reason: "provider_bad_response"),
                httpStatus: answer.status,
                detail: "provider_bad_response"
            )
        }
    }

    private func note(_ error: AdapterError, of sending: Sending) {
        self.logger.warning(
            "adapter could not judge an answer",
            metadata: ["adapter": "\(sending.adapter.name)", "error": "\(error.code.rawValue)"]
        )
    }

    /// A request before the message. Whatever is not known of it is simply made again.
    private func exchange(_ call: HTTPCall, asStep number: Int, of sending: Sending) async -> SendResult {
        let answer: ProviderAnswer
        do {
            answer = try await self.client.answer(to: call, within: .seconds(60))
        } catch {
            var result = Self.result(of: error)
            if error.isAmbiguous { result.outcome = .retry(reason: .unreachable, after: nil) }
            return result
        }
        let unusable = SendResult(
            outcome: .retry(reason: .failing, after: nil),
            httpStatus: answer.status,
            detail: "provider_bad_response"
        )
        do {
            let previous = sending.delivery.message.steps.last
            switch try await sending.adapter.judge(answer, ofStep: number, previous: previous, for: sending.account) {
            case .done(let value):
                return SendResult(outcome: .accepted(externalID: nil), httpStatus: answer.status, step: value, detail: nil)
            case .failed(.accepted), .failed(.ambiguous): return unusable
            case .failed(let outcome):
                return SendResult(outcome: Self.withRetryAfter(outcome, of: answer), httpStatus: answer.status, detail: outcome.detail)
            }
        } catch {
            self.note(error, of: sending)
            return unusable
        }
    }

    /// A request that surely did not leave as a whole may leave again; any other may have arrived.
    private static func result(of error: TransferError) -> SendResult {
        let reason = error.reason.rawValue
        let outcome: SendOutcome
        switch error.reason {
        case .invalidRequest, .schemeNotAllowed, .portNotAllowed, .userInfoNotAllowed:
            outcome = .refused(reason: .policy, code: reason, detail: error.detail)
        case .egressDenied, .resolve, .connect, .tls, .timeout, .tooLarge, .badAnswer, .interrupted, .cancelled, .failed:
            outcome = error.isAmbiguous ? .ambiguous(reason: reason) : .retry(reason: .unreachable, after: nil)
        case .refused: outcome = .refused(reason: .credentials, code: reason, detail: error.detail)
        }
        // What is wrong with a certificate, an operator must be told; the words are OpenSSL's and libcurl's.
        let detail = error.reason == .tls ? "tls: \(error.detail)" : reason
        return SendResult(outcome: outcome, httpStatus: nil, detail: detail)
    }

    /// The header counts where the adapter found nothing better in the body.
    private static func withRetryAfter(_ outcome: SendOutcome, of answer: ProviderAnswer) -> SendOutcome {
        guard case .retry(let reason, nil) = outcome, let header = answer.headers["retry-after"] else { return outcome }
        return .retry(reason: reason, after: RetryAfter.seconds(header, at: Date()))
    }
}

extension MailTransfer {
    fileprivate init(_ mail: MailRequest) {
        let domain = MailAddress(mail.sender)?.domain
        self.init(
            url: mail.url,
            username: mail.username,
            password: mail.password,
            greeting: domain.flatMap { $0.wholeMatch(of: /[A-Za-z0-9.-]+/) == nil ? nil : $0 },
            sender: mail.sender,
            recipient: mail.recipient,
            message: mail.message
        )
    }
}

extension SendOutcome {
    /// What an operator is shown of it.
    var detail: String? {
        switch self {
        case .accepted: nil
        case .retry(let reason, _): reason.rawValue
        case .refused(_, let code, let detail): code ?? (detail.isEmpty ? nil : detail)
        case .ambiguous(let reason): reason
        }
    }

    /// As `attempts.outcome` keeps it.
    var attempt: AttemptOutcome {
        switch self {
        case .accepted: .accepted
        case .retry(.throttled, _): .throttled
        case .retry: .retry
        case .refused: .refused
        case .ambiguous: .unknown
        }
    }
}
