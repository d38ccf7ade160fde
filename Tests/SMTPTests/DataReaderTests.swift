import Testing

@testable import SMTP

private func read(_ text: String, cutAt cut: Int, isDotStuffed: Bool = true) -> (text: String, rest: Int?, isMalformed: Bool) {
    var reader = DataReader(isDotStuffed: isDotStuffed)
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    var used = 0
    for piece in [bytes[..<cut], bytes[cut...]] {
        let end = Array(piece).withUnsafeBytes { reader.read($0) { out += $0 } }
        if let end { return (String(decoding: out, as: UTF8.self), bytes.count - used - end, reader.isMalformed) }
        used += piece.count
    }
    return (String(decoding: out, as: UTF8.self), nil, reader.isMalformed)
}

@Test(arguments: [
    ("a\r\n.\r\n", "a\r\n", 0, false),
    (".\r\n", "", 0, false),
    ("a\r\n..\r\n.b\r\n.\r\nQUIT\r\n", "a\r\n.\r\nb\r\n", 6, false),
    ("\r\n\r\n.\r\n", "\r\n\r\n", 0, false),
    ("Grüße\0\r\n.\r\n", "Grüße\0\r\n", 0, false),
    ("a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", 0, true),
    ("a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", 0, true),
    ("a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", 0, true),
    ("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", 0, true),
    ("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", 0, true),
    ("a\r\r\n.\r\n", "a\r\r\n", 0, true),
    ("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 0, true),
])
func `finds the end of a text and nothing that only looks like one`(_ input: String, _ text: String, _ rest: Int, _ isMalformed: Bool) {
    for cut in 0...input.utf8.count {
        let found = read(input, cutAt: cut)
        #expect(found.text == text, "cut at \(cut)")
        #expect(found.rest == rest, "cut at \(cut)")
        #expect(found.isMalformed == isMalformed, "cut at \(cut)")
    }
}

@Test(arguments: ["a\r\n.\r", "a\r\n.", "a\r\n", "a\r\n.\n", "a\r\n.\r.\r\n"])
func `a text without its end goes on`(_ input: String) {
    for cut in 0...input.utf8.count { #expect(read(input, cutAt: cut).rest == nil) }
}

@Test func `a chunk's dots are text`() {
    let found = read("a\r\n.\r\n..b\r\n", cutAt: 5, isDotStuffed: false)
    #expect(found.text == "a\r\n.\r\n..b\r\n" && found.rest == nil && !found.isMalformed)
}
