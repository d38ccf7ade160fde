internal import CGMime

/// Takes a mail apart: structure by GMime, its headers and encodings read by us, where mails are worse than the standard.
///
/// Every pointer stays in this file. Recursion is bounded by `MailBudget.depth`, which `MailScanner` has checked.
package enum MailReader {
    /// - Parameter mail: one that `MailScanner` let through.
    package static func read(_ mail: [UInt8]) -> MailPart {
        let mail = self.withLineEnds(mail)
        let (headers, body) = MailHeaders.read(mail)
        guard let type = ContentType(headers["content-type"] ?? []) else { return self.text(headers, mail[body...]) }
        if type.type == "multipart" {
            // Without boundaries in it, it is what it looks like.
            guard let part = type.boundary == nil ? nil : self.parse(mail), case .parts(let parts) = part.content, !parts.isEmpty else {
                return self.text(headers, mail[body...])
            }
            return MailPart(headers: headers, type: type, content: .parts(parts))
        }
        let encoding = TransferEncoding.name(of: headers["content-transfer-encoding"] ?? [])
        let bytes = TransferEncoding.decode(Array(mail[body...]), as: encoding)
        return MailPart(headers: headers, type: type, content: type.isMessage ? .mail(bytes) : .bytes(bytes))
    }

    private static func text(_ headers: MailHeaders, _ body: some Collection<UInt8>) -> MailPart {
        let encoding = TransferEncoding.name(of: headers["content-transfer-encoding"] ?? [])
        let type = ContentType.text
        return MailPart(headers: headers, type: type, content: .bytes(TransferEncoding.decode(Array(body), as: encoding)))
    }

    /// Files that some program wrote with CR alone at the line ends would be one line, and with CR CR LF all header lines parted.
    private static func withLineEnds(_ mail: [UInt8]) -> [UInt8] {
        if let end = mail.firstIndex(of: 0x0a), end >= 2, mail[end - 1] == 0x0d, mail[end - 2] == 0x0d {
            return mail.enumerated().compactMap { index, byte in
                byte == 0x0d && index + 1 < mail.count && mail[index + 1] == 0x0d ? nil : byte
            }
        }
        guard let end = mail.firstIndex(where: { $0 == 0x0a || $0 == 0x0d }), mail[end] == 0x0d, end + 1 < mail.count, mail[end + 1] != 0x0a
        else {
            return mail
        }
        var output: [UInt8] = []
        output.reserveCapacity(mail.count)
        for (index, byte) in mail.enumerated() {
            let isBare = byte == 0x0d && (index + 1 == mail.count || mail[index + 1] != 0x0a)
            output.append(isBare ? 0x0a : byte)
        }
        return output
    }

    // MARK: - GMime

    private static func parse(_ mail: [UInt8]) -> MailPart? {
        MailLibrary.start()
        return mail.withUnsafeBytes { raw -> MailPart? in
            let stream = Owned(g_mime_stream_mem_new_with_buffer(raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count))
            let parser = Owned(g_mime_parser_new_with_stream(stream.pointer))
            g_mime_parser_set_persist_stream(parser.pointer, 1)
            let object = Owned(g_mime_parser_construct_part(parser.pointer, nil))
            return object.pointer.map { self.part($0, inDigest: false) }
        }
    }

    private static func part(_ object: UnsafeMutablePointer<GMimeObject>, inDigest: Bool) -> MailPart {
        let headers = self.headers(of: object)
        let type = ContentType(headers["content-type"] ?? []) ?? .text
        if self.isKind(object, g_mime_multipart_get_type()), let multipart: UnsafeMutablePointer<GMimeMultipart> = self.cast(object) {
            let count = g_mime_multipart_get_count(multipart)
            let parts = (0..<max(0, count)).compactMap { index in
                g_mime_multipart_get_part(multipart, index).map { self.part($0, inDigest: type.subtype == "digest") }
            }
            return MailPart(headers: headers, type: type, content: .parts(parts))
        }
        if self.isKind(object, g_mime_message_part_get_type()), let holder: UnsafeMutablePointer<GMimeMessagePart> = self.cast(object) {
            let message: UnsafeMutablePointer<GMimeObject>? = self.cast(g_mime_message_part_get_message(holder))
            let isMessage = type.isMessage || headers["content-type"] == nil
            let mailType = isMessage ? ContentType.message : type
            return MailPart(headers: headers, type: mailType, content: .mail(message.map(self.bytes(of:)) ?? []))
        }
        var bytes: [UInt8] = []
        if self.isKind(object, g_mime_part_get_type()), let leaf: UnsafeMutablePointer<GMimePart> = self.cast(object),
            let wrapper = g_mime_part_get_content(leaf), let stream = g_mime_data_wrapper_get_stream(wrapper)
        {
            bytes = TransferEncoding.decode(
                self.bytes(in: stream),
                as: TransferEncoding.name(of: headers["content-transfer-encoding"] ?? [])
            )
        }
        return MailPart(headers: headers, type: type, content: type.isMessage ? .mail(bytes) : .bytes(bytes))
    }

    private static func headers(of object: UnsafeMutablePointer<GMimeObject>) -> MailHeaders {
        guard let list = g_mime_object_get_header_list(object) else { return MailHeaders() }
        var headers = MailHeaders()
        for index in 0..<g_mime_header_list_get_count(list) {
            guard let header = g_mime_header_list_get_header_at(list, index), let name = g_mime_header_get_name(header),
                let value = g_mime_header_get_raw_value(header)
            else { continue }
            let field = UnsafeRawBufferPointer(start: value, count: strlen(value)).filter { $0 != 0x0d && $0 != 0x0a }
            headers.add(MailHeaders.name(String(cString: name).utf8), field)
        }
        return headers
    }

    /// A message as it stands.
    private static func bytes(of object: UnsafeMutablePointer<GMimeObject>) -> [UInt8] {
        let stream = Owned(g_mime_stream_mem_new())
        guard g_mime_object_write_to_stream(object, nil, stream.pointer) >= 0 else { return [] }
        return self.bytes(written: stream.pointer)
    }

    private static func bytes(in source: UnsafeMutablePointer<GMimeStream>) -> [UInt8] {
        let stream = Owned(g_mime_stream_mem_new())
        g_mime_stream_reset(source)
        guard g_mime_stream_write_to_stream(source, stream.pointer) >= 0 else { return [] }
        return self.bytes(written: stream.pointer)
    }

    private static func bytes(written stream: UnsafeMutablePointer<GMimeStream>?) -> [UInt8] {
        guard let memory: UnsafeMutablePointer<GMimeStreamMem> = self.cast(stream),
            let array = g_mime_stream_mem_get_byte_array(memory), let data = array.pointee.data
        else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(array.pointee.len)))
    }

    private static func isKind(_ object: UnsafeMutablePointer<GMimeObject>, _ type: GType) -> Bool {
        let instance: UnsafeMutablePointer<GTypeInstance>? = self.cast(object)
        return g_type_check_instance_is_a(instance, type) != 0
    }

    /// GObject's inheritance is a common beginning of structs, which is what the C macros cast by.
    private static func cast<T, U>(_ pointer: UnsafeMutablePointer<T>?) -> UnsafeMutablePointer<U>? {
        pointer.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: U.self) }
    }
}

/// A reference to a GObject, given back exactly once because it cannot be copied.
private struct Owned<T>: ~Copyable {
    let pointer: UnsafeMutablePointer<T>?
    init(_ pointer: UnsafeMutablePointer<T>?) { self.pointer = pointer }
    deinit { if let pointer = self.pointer { g_object_unref(pointer) } }
}
