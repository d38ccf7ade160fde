import Foundation
import Glibc

/// The `Received:` header that a server puts before each mail it takes.
///
/// Source: RFC 5321 section 4.4, RFC 3848 and RFC 6531 section 4.3 for the words after `with`.
enum Trace {
    /// - Parameter recipient: nil when there are several: one must not learn of the others.
    static func header(
        client: SMTPPeer,
        host: String,
        dialect: SMTPSettings.Dialect,
        isExtended: Bool,
        isUTF8: Bool,
        recipient: String?,
        at date: Date
    ) -> [UInt8] {
        var with = isUTF8 ? "UTF8" : ""
        with += dialect == .lmtp ? "LMTP" : isExtended || isUTF8 ? (isUTF8 ? "SMTP" : "ESMTP") : "SMTP"
        if client.isEncrypted { with += "S" }
        if client.user != nil { with += "A" }
        let address = client.address.contains(":") ? "IPv6:\(client.address)" : client.address
        let toward = recipient.map { "\r\n\tfor <\($0)>" } ?? ""
        let text =
            "Received: from \(Self.word(client.helo)) ([\(address)])\r\n\tby \(host) (Parley) with \(with)\(toward);\r\n\t\(Self.text(date))\r\n"
        return Array(text.utf8)
    }

    /// What the client called itself, when it can stand in a header.
    private static func word(_ helo: String) -> String {
        let isPlain = helo.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7f && !"()<>;,\"\\".unicodeScalars.contains($0) }
        return isPlain && !helo.isEmpty ? helo : "unknown"
    }

    /// RFC 5322 section 3.3, in UTC.
    static func text(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(parts.tm_wday)]), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) \(1900 + parts.tm_year) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) +0000"
    }
}
