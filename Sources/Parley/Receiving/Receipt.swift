/// What a provider reports of a message we sent.
package struct Receipt: Hashable, Sendable, Codable {
    /// The provider's id, as its answer to the send gave it.
    package var externalID: String
    package var status: ReceiptStatus
    /// The provider's error code, as text.
    package var code: String?
    package var detail: String?
    package init(externalID: String, status: ReceiptStatus, code: String? = nil, detail: String? = nil) {
        self.externalID = externalID
        self.status = status
        self.code = code
        self.detail = detail
    }
}

/// How far a provider says a message got.
package enum ReceiptStatus: String, Hashable, Sendable, Codable, CaseIterable { case accepted, sent, delivered, read, failed, cancelled }
