internal import Foundation
package import Parley

extension EmailAdapter {
    /// One mail: a message, what became of one of ours, or nothing when it is ours and came back.
    package func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received {
        guard request.isMail else { return Received(.notFound) }
        let mail: IncomingMail
        do { mail = try IncomingMail(request.body, trace: MailTrace(request)) } catch {
            return Received(.refused(code: error.code.rawValue, detail: error.detail))
        }
        let reader = MailInterpreter(mail: mail, channel: channel, at: request.at)
        if reader.isLoop { return Received(.ignored(.loop, HookAnswer())) }
        if let receipts = reader.receipts {
            return Received(receipts.isEmpty ? .ignored(.report, HookAnswer()) : .accepted(receipts.map { .receipt($0) }, HookAnswer()))
        }
        guard let message = reader.message else { return Received(.quarantined(reason: "no_sender", HookAnswer())) }
        return Received(.accepted([.message(message)], HookAnswer(), files: mail.body.files.map(\.file)))
    }
}
