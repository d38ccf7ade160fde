/// What hands one part of a message over.
package enum ProviderRequest: Hashable, Sendable {
    case http(HTTPCall)
    case mail(MailRequest)
    /// Nothing leaves: the reader fetches it from us. Accepted as soon as it is on record.
    case kept
    /// Comes before the message, such as the upload of a file: repeating it does no harm, so what became of it is never in doubt.
    /// `number`: which of its file's steps, 0 for the first.
    case step(HTTPCall, number: Int)
    /// Cannot be said yet: it needs what the steps before it will have yielded.
    case later
}
