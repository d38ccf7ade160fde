package import Foundation

extension Date {
    /// What a year of four digits can say: 1 to 9999.
    package static let writable = Date(timeIntervalSince1970: -62_135_596_800)..<Date(timeIntervalSince1970: 253_402_300_800)

    /// A moment as in `2026-01-31T12:00:00.5+01:00`; some providers leave the offset's colon out.
    ///
    /// Nil for a day or an hour that there is not: Foundation would take 30 February for 2 March, and whoever wrote it meant neither.
    ///
    /// Source: RFC 3339 section 5.6. Without leap seconds, which no clock of ours shows.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        func takes(_ signs: String) -> Bool {
            guard let sign = rest.first, signs.utf8.contains(sign) else { return false }
            rest.removeFirst()
            return true
        }
        func number(_ length: Int, in range: ClosedRange<Int>) -> Int? {
            let digits = rest.prefix(length)
            guard digits.count == length, digits.allSatisfy(isDigit) else { return nil }
            rest.removeFirst(length)
            let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            return range ~= number ? number : nil
        }

        guard let year = number(4, in: 1...9999), takes("-"), let month = number(2, in: 1...12), takes("-"),
            let day = number(2, in: 1...Self.lengths(of: year)[month - 1]), takes("Tt"), let hour = number(2, in: 0...23), takes(":"),
            let minute = number(2, in: 0...59), takes(":"), let second = number(2, in: 0...59)
        else { return nil }
        var fraction = 0.0
        if takes(".") {
            let digits = rest.prefix(while: isDigit)
            guard 1...20 ~= digits.count, let value = Double("0.\(String(decoding: digits, as: UTF8.self))") else { return nil }
            fraction = value
            rest.removeFirst(digits.count)
        }
        var offset = 0
        if !takes("Zz") {
            let isAhead = takes("+")
            guard isAhead || takes("-"), let hours = number(2, in: 0...23) else { return nil }
            _ = takes(":")
            guard let minutes = number(2, in: 0...59) else { return nil }
            offset = (hours * 60 + minutes) * (isAhead ? 60 : -60)
        }
        let seconds = ((Self.days(before: year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second - offset
        let date = Date(timeIntervalSince1970: Double(seconds) + fraction)
        guard rest.isEmpty, Self.writable.contains(date) else { return nil }
        self = date
    }

    /// Of the months of a year, in days.
    private static func lengths(of year: Int) -> [Int] {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    }

    /// From 1 January 1970 to the first of a month.
    private static func days(before year: Int, _ month: Int) -> Int {
        let years = year - 1
        let sinceYearOne = years * 365 + years / 4 - years / 100 + years / 400
        return sinceYearOne - 719_162 + Self.lengths(of: year).prefix(month - 1).reduce(0, +)
    }
}
