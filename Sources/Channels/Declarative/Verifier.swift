internal import Foundation
internal import Parley

/// Judges whether a request is the provider's.
struct Verifier {
    enum Verdict: Hashable {
        case verified
        case refused(code: String, detail: String)

        static let unsigned = Verdict.refused(code: "bad_signature", detail: "nothing in the request verifies")
    }

    let request: HookRequest
    let evaluation: Evaluation

    /// One that verifies is enough; else the refusal of the one that came nearest.
    func judge(_ verifications: [Verification]) throws(AdapterError) -> Verdict {
        var verdict = Verdict.unsigned
        for verification in verifications where try self.holds(verification.when) {
            switch try self.judge(verification) {
            case .verified: return .verified
            case .unsigned: continue
            case let nearer: verdict = nearer
            }
        }
        return verdict
    }

    private func judge(_ verification: Verification) throws(AdapterError) -> Verdict {
        guard try self.proves(verification.scheme) else { return .unsigned }
        guard try self.isCurrent(verification) else {
            let detail =
                "signed more than \(Int(verification.tolerance)) s from now; if it is the provider's, a clock is wrong (clock_skew)"
            return .refused(code: "stale_timestamp", detail: detail)
        }
        guard try self.holds(verification.require) else {
            return .refused(code: "bad_signature", detail: "signed, but not meant for this channel's account")
        }
        return .verified
    }

    private func isCurrent(_ verification: Verification) throws(AdapterError) -> Bool {
        let now = self.request.at.timeIntervalSince1970
        switch verification.scheme {
        case .jwt(let scheme):
            // Every token that proves is judged, so that an old one beside a new one does no harm.
            return try self.tokens(scheme).contains { $0.isCurrent(at: now, tolerance: 60, maxAge: scheme.maxAge) }
        default:
            guard let expression = verification.timestamp else { return true }
            guard let text = try self.texts(expression).first, let time = Double(text) else { return false }
            return abs(now - time) <= verification.tolerance
        }
    }

    private func proves(_ scheme: Verification.Scheme) throws(AdapterError) -> Bool {
        switch scheme {
        case .none: return true
        case .hmac(let hash, let signed):
            return try self.verifies(signed) { Crypto.equal(Crypto.hmac(hash, key: $0, $1), $2) }
        case .ed25519(let signed): return try self.verifies(signed) { Crypto.verifyEd25519($2, of: $1, key: $0) }
        case .rsa(let hash, let signed):
            return try self.verifies(signed) { Crypto.verifyRSA($2, of: $1, pem: String(decoding: $0, as: UTF8.self), hash: hash) }
        case .token(let given, let expected): return try self.matches(given: self.texts(given), expected: self.texts(expected))
        case .bearer(let expected):
            let header = self.request.headers["authorization"] ?? ""
            guard header.lowercased().hasPrefix("bearer ") else { return false }
            return try self.matches(given: [String(header.dropFirst(7))], expected: self.texts(expected))
        case .basic(let username, let password):
            let header = self.request.headers["authorization"] ?? ""
            guard header.lowercased().hasPrefix("basic "), let given = Base64.decode(String(header.dropFirst(6))),
                let username = try self.texts(username).first, let password = try self.texts(password).first, !password.isEmpty
            else { return false }
            return Crypto.equal(given, "\(username):\(password)".utf8)
        case .jwt(let scheme): return try !self.tokens(scheme).isEmpty
        }
    }

    /// An empty secret equals nothing: a channel without one refuses everybody.
    private func matches(given: [String], expected: [String]) -> Bool {
        expected.contains { expected in !expected.isEmpty && given.contains { Crypto.equal($0.utf8, expected.utf8) } }
    }

    private func verifies(
        _ signed: Verification.SignedMessage,
        _ verify: (_ key: [UInt8], _ message: [UInt8], _ signature: [UInt8]) -> Bool
    ) throws(AdapterError) -> Bool {
        let keys = try self.texts(signed.key).compactMap(signed.keyEncoding.decode).filter { !$0.isEmpty }
        let signatures = try self.texts(signed.given).filter { $0.hasPrefix(signed.prefix) }
            .compactMap { signed.encoding.decode(String($0.dropFirst(signed.prefix.count))) }.filter { !$0.isEmpty }
        guard !keys.isEmpty, !signatures.isEmpty else { return false }
        let messages = try self.messages(signed.over)
        return keys.contains { key in messages.contains { message in signatures.contains { verify(key, message, $0) } } }
    }

    private func messages(_ pieces: [Verification.Piece]) throws(AdapterError) -> [[UInt8]] {
        var messages: [[UInt8]] = [[]]
        for piece in pieces {
            let endings: [[UInt8]] =
                switch piece {
                case .body: [self.request.body]
                case .digest(let hash): [Crypto.digest(hash, self.request.body)]
                case .text(let expression): try self.texts(expression).map { Array($0.utf8) }
                }
            messages = messages.flatMap { message in endings.map { message + $0 } }
        }
        return messages
    }

    /// The tokens that are signed with one of the keys and whose claims hold, whenever they were made.
    private func tokens(_ scheme: Verification.JWTScheme) throws(AdapterError) -> [JWT] {
        let keys = try self.texts(scheme.key).compactMap(scheme.keyEncoding.decode).filter { !$0.isEmpty }
        var proven: [JWT] = []
        for text in try self.texts(scheme.given) where text.hasPrefix(scheme.prefix) {
            guard let token = JWT(String(text.dropFirst(scheme.prefix.count))), scheme.algorithms.contains(token.algorithm),
                keys.contains(where: { token.isSigned(with: $0) }), try self.holds(scheme.claims, with: ["claims": token.claims])
            else { continue }
            proven.append(token)
        }
        return proven
    }

    /// True when there is no condition.
    private func holds(_ condition: Expression?, with more: [String: JSON] = [:]) throws(AdapterError) -> Bool {
        guard let condition else { return true }
        let result = Result { () throws(ExpressionFailure) in try self.evaluation.first(condition, with: more) }
        return try result.orWhenUnusable(nil) == .bool(true)
    }

    /// The results that are texts or numbers.
    private func texts(_ expression: Expression) throws(AdapterError) -> [String] {
        let result = Result { () throws(ExpressionFailure) in try self.evaluation.results(expression) }
        return try result.orWhenUnusable([]).compactMap { value in
            if case .number(let text) = value { return text }
            return value.string
        }
    }
}
