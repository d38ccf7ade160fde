import Foundation
import Testing

@testable import Parley

@Suite struct DateTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-31T12:00:00Z", 1_769_860_800), ("2026-01-31T12:00:00.25Z", 1_769_860_800.25),
        ("2026-01-31t13:00:00+01:00", 1_769_860_800), ("2026-01-31T06:30:00.000-0530", 1_769_860_800),
        ("2024-02-29T00:00:00Z", 1_709_164_800), ("2000-02-29T00:00:00Z", 951_782_400), ("1969-12-31T23:59:59z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func `reads a moment of RFC 3339`(text: String, seconds: Double) {
        #expect(Date(rfc3339: text)?.timeIntervalSince1970 == seconds)
    }

    @Test func `agrees with Foundation on every day of four centuries`() {
        for day in 0..<(400 * 365 + 97) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            guard Date(rfc3339: date.formatted(.iso8601)) != date else { continue }
            Issue.record("\(date)")
            break
        }
    }

    @Test(arguments: [
        "2027-02-30T00:00:00Z", "2027-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2027-04-31T00:00:00Z", "2027-13-01T00:00:00Z",
        "2027-00-01T00:00:00Z", "2027-01-00T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z", "2027-01-01T00:00:60Z",
        "99999-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00", "2027-01-01T00:00:00+24:00", "2027-01-01T00:00:00+00:60", "2027-01-01T00:00:00", "2027-01-01",
        "2027-01-01 00:00:00Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00Zx", "\u{662}027-01-01T00:00:00Z", "tomorrow", "",
    ])
    func `refuses what is no moment, or one beyond a year of four digits`(text: String) {
        #expect(Date(rfc3339: text) == nil)
    }
}
