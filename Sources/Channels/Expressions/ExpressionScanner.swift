/// Reads a jq program just far enough to judge it before libjq sees it: what it names, and whether it ends what it begins.
///
/// An expression is compiled in one program with its neighbours, so one that closed more brackets than it opened would reach into them;
/// and jq has words that reach outside a program (`env`, `input`, `import`), which an adapter must not have.
///
/// Source: jq 1.6, lexer.l.
struct ExpressionScanner {
    /// What is wrong, and where: bytes from the start.
    struct Problem: Error, Hashable {
        var offset: Int
        var message: String
    }

    struct Word: Hashable {
        /// An identifier, or a variable with its `$`.
        var name: String
        var offset: Int
    }

    /// Words that reach outside the program: to the process, its files, its clock, its output.
    private static let forbidden: Set<String> = [
        "env", "$ENV", "$__prog_args", "input", "inputs", "input_filename", "input_line_number", "import", "include", "modulemeta",
        "get_search_list", "debug", "stderr", "halt", "halt_error", "now", "localtime", "strflocaltime", "$__number",
    ]
    private static let maxDepth = 100

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var words: [Word] = []

    /// The words of `source`, outside of text and field names, in order.
    static func words(of source: String) throws(Problem) -> [Word] {
        var scanner = ExpressionScanner(bytes: Array(source.utf8))
        try scanner.code(until: nil)
        return scanner.words
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func peek(_ distance: Int = 0) -> UInt8? {
        self.position + distance < self.bytes.count ? self.bytes[self.position + distance] : nil
    }

    /// Reads to `closer`, or to the end when nothing was opened.
    private mutating func code(until closer: UInt8?) throws(Problem) {
        let start = self.position - 1
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.maxDepth else { throw Problem(offset: start, message: "nested too deep") }
        while let byte = self.peek() {
            self.position += 1
            if byte == closer { return }
            switch byte {
            case UInt8(ascii: "("): try self.code(until: UInt8(ascii: ")"))
            case UInt8(ascii: "["): try self.code(until: UInt8(ascii: "]"))
            case UInt8(ascii: "{"): try self.code(until: UInt8(ascii: "}"))
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                throw Problem(offset: self.position - 1, message: "'\(Character(Unicode.Scalar(byte)))' closes nothing")
            case UInt8(ascii: "\""): try self.text()
            case UInt8(ascii: "#"): while let next = self.peek(), next != UInt8(ascii: "\n") { self.position += 1 }
            case UInt8(ascii: "."), UInt8(ascii: "@"): _ = self.identifier()
            default:
                guard byte == UInt8(ascii: "$") || Self.begins(byte) else { continue }
                self.position -= byte == UInt8(ascii: "$") ? 0 : 1
                try self.word(isVariable: byte == UInt8(ascii: "$"))
            }
        }
        guard closer == nil else { throw Problem(offset: start, message: "never closed") }
    }

    /// Reads a text, and the programs inside its `\( … )`.
    private mutating func text() throws(Problem) {
        let start = self.position - 1
        while let byte = self.peek() {
            self.position += 1
            if byte == UInt8(ascii: "\"") { return }
            guard byte == UInt8(ascii: "\\"), let escaped = self.peek() else { continue }
            self.position += 1
            if escaped == UInt8(ascii: "(") { try self.code(until: UInt8(ascii: ")")) }
        }
        throw Problem(offset: start, message: "text never closed")
    }

    private mutating func word(isVariable: Bool) throws(Problem) {
        let offset = self.position - (isVariable ? 1 : 0)
        let name = (isVariable ? "$" : "") + self.identifier()
        guard !Self.forbidden.contains(name) || self.isKey else {
            throw Problem(offset: offset, message: "'\(name)' is not available to adapters")
        }
        self.words.append(Word(name: name, offset: offset))
    }

    /// Whether the word just read names a member, as in `{env: 1}`.
    private var isKey: Bool {
        var distance = 0
        while let byte = self.peek(distance), byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { distance += 1 }
        return self.peek(distance) == UInt8(ascii: ":")
    }

    private mutating func identifier() -> String {
        let start = self.position
        while let byte = self.peek(), Self.begins(byte) || (byte >= 0x30 && byte <= 0x39 && self.position > start) { self.position += 1 }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private static func begins(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "_") || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) }
}
