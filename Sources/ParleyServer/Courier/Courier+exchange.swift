import Curl
import Foundation
import Logging
import Parley

extension Courier {
    /// Sends one request and has the adapter judge the answer. Never throws: whatever happens is an outcome.
    func exchange(_ sending: Sending) async -> SendResult {
        let request: HTTPCall
        switch sending.request {
        case .kept: return SendResult(outcome: .accepted(externalID: sending.delivery.message.id.description), httpStatus: nil, detail: nil)
        case .mail: return SendResult(outcome: .retry(reason: .unreachable, after: nil), httpStatus: nil, detail: "no mail client")
        case .http(let http): request = http
        }
        let transfer = HTTPTransfer(method: request.method, url: request.url, headers: request.headers, body: request.body)
        let answer: HTTPAnswer
        do {
            answer = try await self.client.send(transfer)
        } catch {
            return Self.result(of: error)
        }
        let judged = ProviderAnswer(status: answer.status, headers: answer.headers, body: answer.body)
        do {
            let outcome = try await sending.adapter.judge(judged, for: sending.account)
            return SendResult(outcome: Self.withRetryAfter(outcome, of: answer), httpStatus: answer.status, detail: outcome.detail)
        } catch {
            self.logger.warning(
                "adapter could not judge an answer",
                metadata: ["adapter": "\(sending.adapter.name)", "error": "\(error.code.rawValue)"]
            )
            return SendResult(
                outcome: .ambiguous(reason: "provider_bad_response"),
                httpStatus: answer.status,
                detail: "provider_bad_response"
            )
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
        }
        return SendResult(outcome: outcome, httpStatus: nil, detail: reason)
    }

    /// The header counts where the adapter found nothing better in the body.
    private static func withRetryAfter(_ outcome: SendOutcome, of answer: HTTPAnswer) -> SendOutcome {
        guard case .retry(let reason, nil) = outcome, let header = answer.headers["retry-after"] else { return outcome }
        return .retry(reason: reason, after: RetryAfter.seconds(header, at: Date()))
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
