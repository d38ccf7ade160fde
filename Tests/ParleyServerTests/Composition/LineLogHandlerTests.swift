import Foundation
import Logging
import Parley
import Testing

@testable import ParleyServer

@Suite struct LineLogHandlerTests {
    private static let moment = Date(timeIntervalSince1970: 1_769_860_800)

    private func line(_ form: LineLogHandler.Form, _ value: String) -> String {
        var handler = LineLogHandler(label: "parley", level: .info, form: form)
        handler[metadataKey: "lane.count"] = "3"
        let event = LogEvent(
            level: .notice,
            message: "took lanes",
            metadata: ["value": "\(value)"],
            source: nil,
            file: "",
            function: "",
            line: 0
        )
        return handler.line(of: event, at: Self.moment)
    }

    @Test func `an entry is JSON for a collector and words for a person`() {
        let pairs = #""lane.count":"3","level":"notice","logger":"parley","message":"took lanes","value":"é 1""#
        #expect(self.line(.json, "é 1") == #"{"at":"2026-01-31T12:00:00.000Z",\#(pairs)}"#)
        #expect(self.line(.text, "é 1") == #"2026-01-31T12:00:00.000Z notice parley: took lanes lane.count="3" value="é 1""#)
    }

    /// Line breaks, ANSI and C1 controls, what turns the direction of writing, what ends a line elsewhere, tags that nobody sees.
    private static let obeyed = [
        "a\nb", "a\r\nb", "\u{1b}[2K", "\u{7f}", "\u{85}", "\u{9b}2K", "\u{200e}", "\u{200f}", "\u{61c}", "\u{202a}", "\u{202e}",
        "\u{2066}", "\u{2069}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{e0041}",
    ]

    @Test(arguments: Self.obeyed)
    func `nothing in a value is obeyed by a terminal, and JSON still says it (B110)`(value: String) throws {
        for form in [LineLogHandler.Form.json, .text] {
            let line = self.line(form, value)
            let isShown = line.unicodeScalars.allSatisfy { scalar in
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            }
            #expect(isShown, "\(line)")
        }
        let read = try JSON(parsing: self.line(.json, value))["value"]?.string
        #expect(read.map { Array($0.utf8) } == Array(value.utf8))
    }

    @Test func `a value cannot pass for another one in a line for a person`() {
        #expect(self.line(.text, #"1" level="error"#).hasSuffix(#"value="1\" level=\"error""#))
    }
}
