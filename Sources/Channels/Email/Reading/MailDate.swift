internal import CGMime
internal import Foundation

/// The moment a Date field names.
///
/// Source: RFC 5322 section 3.3, with the obsolete forms; read by GMime.
enum MailDate {
    /// Nil when it names none.
    static func read(_ field: [UInt8]) -> Date? {
        guard field.count <= 200, !field.contains(0) else { return nil }
        MailLibrary.start()
        guard let date = g_mime_utils_header_decode_date(String(decoding: field, as: UTF8.self)) else { return nil }
        defer { g_date_time_unref(date) }
        return Date(timeIntervalSince1970: TimeInterval(g_date_time_to_unix(date)))
    }
}
