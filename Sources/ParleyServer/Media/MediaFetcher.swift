import Channels
import Curl
import Foundation
import Parley

/// Gets the bytes of a file that a provider only named.
struct MediaFetcher: Sendable {
    /// Nothing came; whether it makes sense to ask again.
    struct Failure: Error, Hashable, Sendable {
        /// Fixed words.
        var reason: String
        var isFinal: Bool
    }
    /// A provider hands over to its file servers at most so often.
    static let maxRedirects = 5

    let client: HTTPClient

    func fetch(_ media: Media, through adapter: any Adapter, for channel: ChannelContext) async throws(Failure) -> AttachmentFile {
        var previous: JSON?
        for number in 0..<10 {
            let answer: ProviderAnswer
            let step: MediaStep
            do throws(AdapterError) {
                step = try await adapter.mediaStep(number, to: media, previous: previous, for: channel)
            } catch { throw Failure(reason: error.code.rawValue, isFinal: true) }
            answer = try await self.answer(to: step.call, limit: step.isLast ? adapter.fetchLimit : 1_000_000)
            if step.isLast { return self.file(answer, media) }
            do throws(AdapterError) {
                previous = try await adapter.read(answer, ofMediaStep: number, to: media, for: channel)
            } catch { throw Failure(reason: error.code.rawValue, isFinal: true) }
            guard previous != nil else { throw Failure(reason: "not_found", isFinal: true) }
        }
        throw Failure(reason: "bad_result", isFinal: true)
    }

    /// Sends the request, and follows where it is pointed to. What the request was authorized with stays with the host it was meant for.
    private func answer(to call: HTTPCall, limit: Int) async throws(Failure) -> ProviderAnswer {
        var call = call
        for _ in 0...Self.maxRedirects {
            let answer: ProviderAnswer
            do throws(TransferError) { answer = try await self.client.answer(to: call, within: .seconds(60), limit: limit) } catch {
                throw Failure(error)
            }
            switch answer.status {
            case 200..<300: return answer
            case 301, 302, 303, 307, 308:
                guard let next = call.redirected(to: answer.headers["location"] ?? "") else {
                    throw Failure(reason: "bad_redirect", isFinal: true)
                }
                call = next
            case 401, 403: throw Failure(reason: "credentials", isFinal: false)
            case 408, 425, 429, 500...: throw Failure(reason: "http_\(answer.status)", isFinal: false)
            default: throw Failure(reason: "not_found", isFinal: true)
            }
        }
        throw Failure(reason: "too_many_redirects", isFinal: true)
    }

    private func file(_ answer: ProviderAnswer, _ media: Media) -> AttachmentFile {
        let declared = media.contentType ?? answer.headers["content-type"].map { String($0.prefix { $0 != ";" }) }
        return AttachmentFile(received: answer.body, declaredType: declared, filename: media.filename)
    }
}

extension MediaFetcher.Failure {
    fileprivate init(_ error: TransferError) {
        switch error.reason {
        case .tooLarge, .egressDenied, .invalidRequest, .schemeNotAllowed, .portNotAllowed, .userInfoNotAllowed:
            self.init(reason: error.reason.rawValue, isFinal: true)
        case .resolve, .connect, .tls, .timeout, .badAnswer, .interrupted, .refused, .cancelled, .failed:
            self.init(reason: error.reason.rawValue, isFinal: false)
        }
    }
}

extension HTTPCall {
    /// The request that a redirect asks for; nil when it leads nowhere, or from https to http.
    ///
    /// To another origin goes nothing but the question: the adapter's headers and the body hold what only the first host may see.
    ///
    /// Source: RFC 9110 sections 10.2.2 and 15.4; WHATWG Fetch, "HTTP-redirect fetch".
    func redirected(to location: String) -> HTTPCall? {
        guard let from = URL(string: self.url), let to = URL(string: location, relativeTo: from)?.absoluteURL, let host = to.host(),
            !host.isEmpty,
            to.scheme == "https" || to.scheme == from.scheme && to.scheme == "http"
        else { return nil }
        let isSame = from.scheme == to.scheme && from.host()?.lowercased() == host.lowercased() && from.effectivePort == to.effectivePort
        return HTTPCall(method: "GET", url: to.absoluteString, headers: isSame ? self.headers : [:], body: [])
    }
}

extension URL {
    fileprivate var effectivePort: Int { self.port ?? (self.scheme == "http" ? 80 : 443) }
}
