/// Makes names of files safe to show and to write: no directory, no control character, no more than a file system takes.
package enum FileName {
    static let longest = 255

    /// Nil when nothing is left.
    package static func safe(_ name: String) -> String? {
        var text = HeaderText.oneLine(name)[...]
        if let slash = text.lastIndex(of: "/") { text = text[text.index(after: slash)...] }
        if self.isWindowsPath(text), let slash = text.lastIndex(of: "\\") { text = text[text.index(after: slash)...] }
        while let first = text.first, first == "." || first == " " { text.removeFirst() }
        while let last = text.last, last == " " || last == "." { text.removeLast() }
        // Deceives who reads an ending from right to left, or a name with invisible characters.
        let scalars = text.unicodeScalars.filter { $0.properties.generalCategory != .format || $0 == "\u{200d}" || $0 == "\u{200c}" }
        // Windows takes what is behind a colon for a hidden stream of the file before it.
        let name = String(String.UnicodeScalarView(scalars)).replacing(":", with: "_")
        let clean = self.cut(self.isDevice(name) ? "_\(name)" : name)
        return clean.isEmpty ? nil : clean
    }

    /// `CON`, `con.txt`, `CON .txt`: Windows opens the device, whatever folder it is in.
    ///
    /// Source: Microsoft, "Naming Files, Paths, and Namespaces"; `CONIN$` and `CONOUT$` from "Console Handles".
    private static func isDevice(_ name: String) -> Bool {
        var stem = name.prefix { $0 != "." }
        while stem.last == " " { stem.removeLast() }
        return stem.uppercased().wholeMatch(of: /CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³]/) != nil
    }

    /// `C:\Users\me\x.exe`, `\\server\x`, `..\x`: a backslash elsewhere may be part of a name.
    private static func isWindowsPath(_ text: Substring) -> Bool {
        guard text.contains("\\") else { return false }
        let start = text.utf8.prefix(3)
        let second = start.dropFirst().first
        return second == 0x3a || text.hasPrefix("\\") || text.hasPrefix("..\\") || text.hasPrefix(".\\")
            || !text.contains(" \\ ")
    }

    /// Keeps the ending, which says what the file is.
    private static func cut(_ name: String) -> String {
        guard name.utf8.count > self.longest else { return name }
        let dot = name.lastIndex(of: ".")
        let ending = dot.map { String(name[$0...]) }.flatMap { $0.utf8.count <= 20 ? $0 : nil } ?? ""
        var stem = ""
        for character in name.dropLast(ending.count) {
            guard stem.utf8.count + character.utf8.count + ending.utf8.count <= self.longest else { break }
            stem.append(character)
        }
        return stem + ending
    }
}
