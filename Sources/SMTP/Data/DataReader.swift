import Glibc

/// Finds the end of a mail's text and undoes its dot stuffing, however the bytes are cut into pieces.
///
/// Only CR LF ends a line and only CR LF . CR LF ends the text. A CR or LF that stands alone is kept as text, so that it can never be
/// taken for an end, and remembered: who sends one may be smuggling a second mail (CVE-2023-51764).
///
/// Source: RFC 5321 sections 2.3.8 and 4.5.2.
struct DataReader: Sendable {
    private enum State { case lineStart, text, cr, dot, dotCR }
    private var state = State.lineStart
    /// False for BDAT: there a length says where the text ends, and dots are not stuffed (RFC 3030).
    private let isDotStuffed: Bool
    /// A CR or LF stood alone.
    private(set) var isMalformed = false

    init(isDotStuffed: Bool) { self.isDotStuffed = isDotStuffed }

    /// The text ended in the middle of a line end.
    var endsInCR: Bool { self.state == .cr }

    /// - Parameter emit: gets the text, piece by piece: line ends each alone.
    /// - Returns: how many bytes were read up to and including the end of the text; nil when it did not end yet.
    mutating func read(_ input: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) -> Void) -> Int? {
        var index = 0
        while index < input.count {
            let byte = input[index]
            switch self.state {
            case .lineStart where byte == UInt8(ascii: ".") && self.isDotStuffed:
                self.state = .dot
                index += 1
            case .dot where byte == .cr:
                self.state = .dotCR
                index += 1
            case .dotCR where byte == .lf:
                self.state = .lineStart
                return index + 1
            case .dotCR:
                self.isMalformed = true
                Self.cr.withUnsafeBytes(emit)
                self.state = .text
            case .cr where byte == .lf:
                Self.crlf.withUnsafeBytes(emit)
                self.state = .lineStart
                index += 1
            case .cr:
                self.isMalformed = true
                Self.cr.withUnsafeBytes(emit)
                self.state = .text
            case .lineStart, .text, .dot:
                if byte == .cr {
                    self.state = .cr
                    index += 1
                    continue
                }
                self.state = .text
                let rest = UnsafeRawBufferPointer(rebasing: input[index...])
                let run = Self.index(of: .cr, in: rest) ?? rest.count
                let text = UnsafeRawBufferPointer(rebasing: rest[..<run])
                if Self.index(of: .lf, in: text) != nil { self.isMalformed = true }
                emit(text)
                index += run
            }
        }
        return nil
    }

    private static let cr: [UInt8] = [.cr]
    private static let crlf: [UInt8] = [.cr, .lf]

    private static func index(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

extension UInt8 {
    static let cr = UInt8(ascii: "\r")
    static let lf = UInt8(ascii: "\n")
}
