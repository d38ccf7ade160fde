import CGMime
import Foundation

/// A mail as GMime reads it: the other half of what wrote it, and what many mail programs read with.
struct ReadMail {
    struct Part: Hashable {
        var type: String
        var disposition: String?
        var filename: String?
        var contentID: String?
        var bytes: [UInt8]
        var text: String { String(decoding: self.bytes, as: UTF8.self) }
    }
    /// Decoded, by name in lower case.
    var headers: [String: String] = [:]
    var parts: [Part] = []
    /// `multipart/alternative(text/plain text/html)`
    var structure = ""

    init?(_ bytes: [UInt8]) {
        g_mime_init()
        let stream = bytes.withUnsafeBytes {
            g_mime_stream_mem_new_with_buffer($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        let parser = g_mime_parser_new_with_stream(stream)
        defer {
            g_object_unref(parser)
            g_object_unref(stream)
        }
        guard let message = g_mime_parser_construct_message(parser, nil) else { return nil }
        defer { g_object_unref(message) }
        let object = UnsafeMutableRawPointer(message).assumingMemoryBound(to: GMimeObject.self)
        let list = g_mime_object_get_header_list(object)
        for index in 0..<g_mime_header_list_get_count(list) {
            let header = g_mime_header_list_get_header_at(list, index)
            let name = String(cString: g_mime_header_get_name(header)).lowercased()
            self.headers[name] = g_mime_header_get_value(header).map { String(cString: $0) }
        }
        self.add(g_mime_message_get_mime_part(message))
    }

    private mutating func add(_ object: UnsafeMutablePointer<GMimeObject>?) {
        guard let object, let type = g_mime_object_get_content_type(object) else { return }
        let name =
            "\(String(cString: g_mime_content_type_get_media_type(type)))/\(String(cString: g_mime_content_type_get_media_subtype(type)))"
        self.structure += (self.structure.isEmpty || self.structure.hasSuffix("(") ? "" : " ") + name
        if name.hasPrefix("multipart/") {
            let multipart = UnsafeMutableRawPointer(object).assumingMemoryBound(to: GMimeMultipart.self)
            self.structure += "("
            for index in 0..<g_mime_multipart_get_count(multipart) { self.add(g_mime_multipart_get_part(multipart, index)) }
            self.structure += ")"
            return
        }
        let part = UnsafeMutableRawPointer(object).assumingMemoryBound(to: GMimePart.self)
        let out = g_mime_stream_mem_new()
        defer { g_object_unref(out) }
        g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(part), out)
        let array = g_mime_stream_mem_get_byte_array(UnsafeMutableRawPointer(out!).assumingMemoryBound(to: GMimeStreamMem.self))
        self.parts.append(
            Part(
                type: name,
                disposition: g_mime_object_get_disposition(object).map { String(cString: $0) },
                filename: g_mime_part_get_filename(part).map { String(cString: $0) },
                contentID: g_mime_object_get_content_id(object).map { String(cString: $0) },
                bytes: array.flatMap { array in
                    array.pointee.data.map { Array(UnsafeBufferPointer(start: $0, count: Int(array.pointee.len))) }
                } ?? []
            )
        )
    }
}
