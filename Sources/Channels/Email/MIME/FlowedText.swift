/// Text whose lines were broken for the way, made whole again: `text/plain; format=flowed`.
///
/// Quoted lines keep one `>` for each level, so that they are still seen as quoted.
///
/// Source: RFC 3676 section 4.
enum FlowedText {
    /// - Parameter deletesSpace: `delsp=yes`: the blank that marks a broken line is none of the text.
    static func joined(_ text: String, deletesSpace: Bool) -> String {
        var output: [String] = []
        var open: (depth: Int, text: String)?
        func close() {
            if let paragraph = open { output.append(self.line(paragraph.text, depth: paragraph.depth)) }
            open = nil
        }
        for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let depth = raw.utf8.prefix { $0 == 0x3e }.count
            var line = raw.dropFirst(depth)
            if line.first == " " { line.removeFirst() }  // space-stuffing, section 4.4
            if let paragraph = open, paragraph.depth != depth || line == "-- " { close() }
            if line == "-- " {
                output.append(self.line("-- ", depth: depth))
            } else if line.last == " " {
                if open == nil { open = (depth, "") }
                open?.text += deletesSpace ? line.dropLast() : line
            } else {
                if open == nil { open = (depth, "") }
                open?.text += line
                close()
            }
        }
        close()
        return output.joined(separator: "\n")
    }

    private static func line(_ text: String, depth: Int) -> String {
        depth == 0 ? text : String(repeating: ">", count: depth) + " " + text
    }
}
