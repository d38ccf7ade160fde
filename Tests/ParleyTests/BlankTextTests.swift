import Testing

@testable import Parley

@Suite struct BlankTextTests {
    @Test(arguments: [
        "", " \t\r\n", "\u{a0}\u{3000}", "\u{200b}", "\u{2060}", "\u{feff}", "\u{ad}", "\u{2800}", "\u{3164}", "\u{115f}", "\u{ffa0}",
        "\u{200d}",
        "\u{fe0f}", "\u{202e}", "\u{85}", "\u{e0041}", "\u{301}", "\u{20dd}", " \u{200b}\u{301}\n\u{2800}",
    ])
    func `a text of which nobody sees anything is blank (B46)`(text: String) { #expect(text.isBlank) }

    @Test(arguments: ["a", ".", "\u{200b}a", "e\u{301}", "👍🏽", "1\u{fe0f}\u{20e3}", "\u{2801}", "漢", "हि", "¸"])
    func `a text with anything to see is not`(text: String) { #expect(!text.isBlank) }
}
