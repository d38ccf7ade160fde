internal import Parley

/// A form as `multipart/form-data` writes it: fields, and of each file its name, type and size.
///
/// Source: RFC 7578; RFC 2046 section 5.1.1.
struct MultipartBody {
    static let maxParts = 200

    var fields: [(name: String, value: String)] = []
    var files: [JSON] = []

    /// Nil when the body is not what its boundary promises.
    init?(_ body: [UInt8], contentType: String) {
        guard let boundary = Self.parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count) else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        var rest = body[...]
        guard rest.starts(with: delimiter) || Self.skip(to: delimiter, in: &rest) else { return nil }
        rest = rest.dropFirst(delimiter.count)
        let end = Array("\r\n".utf8) + delimiter
        while !rest.starts(with: Array("--".utf8)) {
            guard rest.starts(with: Array("\r\n".utf8)), self.fields.count + self.files.count < Self.maxParts else { return nil }
            rest = rest.dropFirst(2)
            let part = rest
            guard Self.skip(to: end, in: &rest) else { return nil }
            guard self.add(part[part.startIndex..<rest.startIndex]) else { return nil }
            rest = rest.dropFirst(end.count)
        }
    }

    private mutating func add(_ part: ArraySlice<UInt8>) -> Bool {
        var content = part
        guard Self.skip(to: Array("\r\n\r\n".utf8), in: &content) else { return false }
        let head = String(decoding: part[part.startIndex..<content.startIndex], as: UTF8.self)
        content = content.dropFirst(4)
        let headers = head.split(separator: "\r\n").map { $0.split(separator: ":", maxSplits: 1).map { $0.trimming(while: { $0 == " " }) } }
        func header(_ name: String) -> String? { headers.first { $0.count == 2 && $0[0].lowercased() == name }.map { String($0[1]) } }
        guard let disposition = header("content-disposition"), let name = Self.parameter("name", of: disposition) else { return false }
        if let filename = Self.parameter("filename", of: disposition) {
            self.files.append([
                "field": .string(name), "name": .string(filename), "type": header("content-type").map { .string($0) } ?? .null,
                "size": .integer(content.count),
            ])
        } else {
            self.fields.append((name, String(decoding: content, as: UTF8.self)))
        }
        return true
    }

    /// Drops what stands before the first `mark`.
    private static func skip(to mark: [UInt8], in bytes: inout ArraySlice<UInt8>) -> Bool {
        guard let found = bytes.firstRange(of: mark) else { return false }
        bytes = bytes[found.lowerBound...]
        return true
    }

    /// A parameter of a header's value, quoted or bare.
    private static func parameter(_ name: String, of value: String) -> String? {
        MailParameters(value.utf8.drop { $0 != UInt8(ascii: ";") }).raw(name).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Substring {
    fileprivate func trimming(while predicate: (Character) -> Bool) -> Substring {
        var text = self.drop(while: predicate)
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}
