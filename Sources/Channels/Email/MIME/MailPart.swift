/// One part of a mail, decoded: the mail itself is the first.
package struct MailPart: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// Without its transfer encoding.
        case bytes([UInt8])
        case parts([MailPart])
        /// A whole mail, as it stands in this one.
        case mail([UInt8])
    }
    package var headers: MailHeaders
    package var content: Content
    package var type: ContentType
    /// `inline`, `attachment`; empty when nothing is said.
    package var disposition: String
    /// Made safe; nil when it has none.
    package var filename: String?
    /// Without its angle brackets.
    package var contentID: String?

    init(headers: MailHeaders, type: ContentType, content: Content) {
        self.headers = headers
        self.content = content
        self.type = type
        let (disposition, rest) = HeaderText.value(of: headers["content-disposition"] ?? [])
        self.disposition = MailHeaders.name(disposition)
        let parameters = MailParameters(rest)
        let name = parameters["filename"] ?? parameters["name"] ?? type.parameters["name"] ?? type.parameters["filename"]
        self.filename = name.flatMap(FileName.safe)
        self.contentID = headers["content-id"].flatMap { MessageIDs.read($0).first ?? MessageIDs.first($0) }
            .map { String($0.dropFirst().dropLast()) }
        if self.contentID == nil, let bare = headers["content-id"], !bare.isEmpty, bare.count <= 900 {
            self.contentID = HeaderText.decode(bare)
        }
    }
}
