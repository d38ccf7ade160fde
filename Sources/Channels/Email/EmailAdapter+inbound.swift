internal import Foundation
package import Parley

extension EmailAdapter {
    /// One mail: a message, what became of one of ours, or nothing when it is ours and came back.
    package func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Reception {
        guard request.isMail else { return .notFound }
        let mail: IncomingMail
        do { mail = try IncomingMail(request.body, trace: MailTrace(request)) } catch {
            return .refused(code: error.code.rawValue, detail: error.detail)
        }
        let reader = MailInterpreter(mail: mail, channel: channel, at: request.at)
        if reader.isLoop { return .ignored(.loop, HookAnswer()) }
        if let receipts = reader.receipts {
            return receipts.isEmpty
                ? .ignored(.report, HookAnswer()) : .accepted(receipts.map { .receipt($0) }, HookAnswer(), wouldRefuse: nil)
        }
        guard let message = reader.message else { return .quarantined(reason: "no_sender", HookAnswer()) }
        return .accepted([.message(message)], HookAnswer(), wouldRefuse: nil, files: mail.body.files.map(\.file))
    }
}
