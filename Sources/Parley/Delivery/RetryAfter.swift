package import Foundation

/// What a provider asked for with `Retry-After`, read and bounded.
package enum RetryAfter {
    /// Seconds until `now` may be tried again: a number (fractions too: Discord) or a date; nil for anything else.
    ///
    /// Source: RFC 9110 sections 10.2.3 and 5.6.7.
    package static func seconds(_ text: String, at now: Date) -> Double? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if let number = Double(text) { return number }
        return self.date(text).map { $0.timeIntervalSince(now) }
    }

    /// - Returns: nil when the provider did not say, or said what no clock can show (`-1`, `nan`): then the schedule holds.
    package static func bounded(_ seconds: Double?, within bounds: ClosedRange<Duration>) -> Duration? {
        guard let seconds, seconds.isFinite, seconds >= 0 else { return nil }
        let milliseconds = Int64(min(seconds, 1e9) * 1_000)
        return min(max(.milliseconds(milliseconds), bounds.lowerBound), bounds.upperBound)
    }

    private static func date(_ text: String) -> Date? {
        // `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are no longer sent.
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[5] == "GMT", let day = Int(fields[1]), (1...31).contains(day), let year = Int(fields[3]) else {
            return nil
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = fields[4].split(separator: ":").compactMap { Int($0) }
        guard let month = months.firstIndex(of: String(fields[2])), clock.count == 3 else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = DateComponents(year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2])
        return calendar.date(from: parts)
    }
}
