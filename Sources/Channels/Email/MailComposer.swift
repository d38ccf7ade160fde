internal import CGMime
internal import Foundation
package import Parley

/// Writes a mail as it goes over the wire: 7-bit, lines of at most 998 octets ended by CR LF.
///
/// The same draft gives the same bytes, so that what is sent again is the same mail. Bodies are quoted-printable or base64, so nothing on
/// the way has to change them.
package enum MailComposer {
    /// - Throws: `.resultTooLarge` when GMime cannot hold it.
    package static func bytes(of draft: MailDraft) throws(AdapterError) -> [UInt8] {
        MailLibrary.start()
        let message = GObjectBox(g_mime_message_new(1))
        guard let pointer = message.pointer else { throw AdapterError(.resultTooLarge, "no memory for a mail") }
        self.address(pointer, GMIME_ADDRESS_TYPE_FROM, draft.from)
        self.address(pointer, GMIME_ADDRESS_TYPE_TO, draft.to)
        if let replyTo = draft.replyTo { self.address(pointer, GMIME_ADDRESS_TYPE_REPLY_TO, replyTo) }
        g_mime_message_set_subject(pointer, self.line(draft.subject), "UTF-8")
        let date = g_date_time_new_from_unix_utc(gint64(draft.date.timeIntervalSince1970))
        g_mime_message_set_date(pointer, date)
        g_date_time_unref(date)
        g_mime_message_set_message_id(pointer, self.bare(draft.messageID))
        let object = self.object(pointer)
        if let inReplyTo = draft.inReplyTo { g_mime_object_set_header(object, "In-Reply-To", self.line(inReplyTo), nil) }
        if !draft.references.isEmpty {
            g_mime_object_set_header(object, "References", self.line(draft.references.joined(separator: " ")), nil)
        }
        for (name, value) in draft.headers.sorted(by: { $0.key < $1.key }) {
            g_mime_object_set_header(object, name, self.line(value), "UTF-8")
        }
        let body = self.body(of: draft)
        g_mime_message_set_mime_part(pointer, body.pointer)
        return try self.write(object)
    }

    // MARK: - Parts

    private static func body(of draft: MailDraft) -> GObjectBox<GMimeObject> {
        let inline = draft.files.filter { $0.isInline && $0.contentID != nil }
        let attached = draft.files.filter { !($0.isInline && $0.contentID != nil) }
        var html = self.text(draft.html, subtype: "html")
        if !inline.isEmpty { html = self.multipart("related", [html] + inline.map(self.part), of: draft) }
        let alternative = self.multipart("alternative", [self.text(draft.text, subtype: "plain"), html], of: draft)
        return attached.isEmpty ? alternative : self.multipart("mixed", [alternative] + attached.map(self.part), of: draft)
    }

    /// The boundary is made of what base64 and quoted-printable never hold, so it cannot occur in a part.
    private static func multipart(_ subtype: String, _ parts: [GObjectBox<GMimeObject>], of draft: MailDraft) -> GObjectBox<GMimeObject> {
        let multipart = g_mime_multipart_new_with_subtype(subtype)
        let hash = Hex.encode(Crypto.sha256(Array("\(subtype) \(draft.messageID)".utf8)).prefix(16))
        g_mime_multipart_set_boundary(multipart, "=_\(hash)")
        for part in parts { g_mime_multipart_add(multipart, part.pointer) }
        return GObjectBox(self.object(multipart))
    }

    private static func text(_ text: String, subtype: String) -> GObjectBox<GMimeObject> {
        let part = g_mime_text_part_new_with_subtype(subtype)
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\0", with: "")
        g_mime_text_part_set_charset(part, "utf-8")
        g_mime_text_part_set_text(part, lines.hasSuffix("\n") ? lines : lines + "\n")
        let base: UnsafeMutablePointer<GMimePart>? = self.cast(part)
        g_mime_part_set_content_encoding(base, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
        return GObjectBox(self.object(part))
    }

    private static func part(_ file: MailDraft.File) -> GObjectBox<GMimeObject> {
        let type = self.safeType(file.file.contentType)
        let part = g_mime_part_new_with_type(type.0, type.1)
        let stream = file.file.bytes.withUnsafeBytes {
            g_mime_stream_mem_new_with_buffer($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        let content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT)
        g_mime_part_set_content(part, content)
        g_object_unref(content)
        g_object_unref(stream)
        g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64)
        let object = self.object(part)
        g_mime_object_set_disposition(object, file.isInline ? "inline" : "attachment")
        if let name = file.file.filename.map(self.line), !name.isEmpty { g_mime_part_set_filename(part, name) }
        if let id = file.contentID.map(self.bare), !id.isEmpty { g_mime_object_set_content_id(object, id) }
        return GObjectBox(object)
    }

    /// Messages and multiparts may not be base64 (RFC 2046 section 5.2.1), so what claims to be one goes as mere bytes.
    private static func safeType(_ text: String) -> (String, String) {
        let sides = text.lowercased().prefix { $0 != ";" }.split(separator: "/").map { $0.trimmingCharacters(in: .whitespaces) }
        guard sides.count == 2, sides.allSatisfy({ $0.wholeMatch(of: /[a-z0-9][a-z0-9.+_-]{0,126}/) != nil }),
            sides[0] != "message", sides[0] != "multipart"
        else { return ("application", "octet-stream") }
        return (sides[0], sides[1])
    }

    // MARK: - GMime

    private static func address(_ message: UnsafeMutablePointer<GMimeMessage>, _ type: GMimeAddressType, _ mailbox: MailDraft.Mailbox) {
        let name = mailbox.name.map(self.line).flatMap { $0.isEmpty ? nil : $0 }
        g_mime_message_add_mailbox(message, type, name, self.line(mailbox.address))
    }

    private static func write(_ object: UnsafeMutablePointer<GMimeObject>?) throws(AdapterError) -> [UInt8] {
        let options = g_mime_format_options_new()
        defer { g_mime_format_options_free(options) }
        g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS)
        g_mime_format_options_set_param_encoding_method(options, GMIME_PARAM_ENCODING_METHOD_RFC2231)
        let stream = g_mime_stream_mem_new()
        defer { g_object_unref(stream) }
        guard g_mime_object_write_to_stream(object, options, stream) >= 0,
            let bytes = g_mime_stream_mem_get_byte_array(self.cast(stream)), let data = bytes.pointee.data
        else { throw AdapterError(.resultTooLarge, "a mail could not be written") }
        return Array(UnsafeBufferPointer(start: data, count: Int(bytes.pointee.len)))
    }

    private static func object<T>(_ pointer: UnsafeMutablePointer<T>?) -> UnsafeMutablePointer<GMimeObject>? { self.cast(pointer) }

    /// What the macros of GObject do: the "subclass" begins with its "superclass".
    private static func cast<T, U>(_ pointer: UnsafeMutablePointer<T>?) -> UnsafeMutablePointer<U>? {
        UnsafeMutableRawPointer(pointer)?.assumingMemoryBound(to: U.self)
    }

    /// One line whatever was given: nothing in a header may start another one (B42).
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    private static func bare(_ id: String) -> String {
        self.line(id).trimmingCharacters(in: CharacterSet(charactersIn: "<> "))
    }
}

/// Owns one reference to a GObject.
private final class GObjectBox<T> {
    let pointer: UnsafeMutablePointer<T>?
    init(_ pointer: UnsafeMutablePointer<T>?) { self.pointer = pointer }
    deinit { if let pointer = self.pointer { g_object_unref(pointer) } }
}
