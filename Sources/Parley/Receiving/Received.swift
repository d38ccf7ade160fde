/// What an adapter made of a request and, in shadow mode, what it would have refused it for.
package struct Received: Hashable, Sendable {
    package var reception: Reception
    /// The code of the refusal (`bad_signature`, `stale_timestamp`); nil when the request verifies, or nothing was verified.
    package var wouldRefuse: String?

    package init(_ reception: Reception, wouldRefuse: String? = nil) {
        self.reception = reception
        self.wouldRefuse = wouldRefuse
    }
}
