internal import Foundation

/// The names under which charsets travel, and the C library's own names for them.
///
/// Source: encoding.spec.whatwg.org section 4.2, with labels that only mail has. The C library's charsets are those that hold what the
/// standard's hold: gb2312 and gbk are read as GB18030, shift_jis as CP932, euc-kr as CP949, iso-8859-1 as windows-1252.
enum CharsetLabels {
    /// The C library's name; nil for a label that nobody knows. `ASCII` promises too little to be believed.
    ///
    /// - Parameter label: as the mail wrote it. Programs write `ISO8859_2`, `x-windows-1251`, `ms-cp1251`, `ISO-8859-2:1987`.
    static func charset(_ label: String) -> String? {
        let name = label.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"'")).lowercased()
        if let exact = self.exact[name] { return exact }
        var bare = Self.bare(name.replacing(/:\d{4}$/, with: ""))
        while true {
            if let found = self.loose[bare] { return found }
            guard let prefix = ["x", "ms", "cs", "charset"].first(where: { bare.hasPrefix($0) }) else { return nil }
            bare.removeFirst(prefix.count)
        }
    }

    private static let exact: [String: String] = {
        var names: [String: String] = [:]
        for (charset, labels) in Self.table {
            for label in labels.split(separator: ",") { names[String(label)] = charset }
        }
        return names
    }()
    private static let loose = Dictionary(Self.exact.map { (Self.bare($0.key), $0.value) }) { first, _ in first }

    private static func bare(_ label: String) -> String { label.filter { $0.isASCII && ($0.isLetter || $0.isNumber) } }

    private static let table: [(String, String)] = [
        (
            "ASCII",
            "ansi_x3.4-1968,ascii,us-ascii,ansi_x3.4-1986,iso646-us,iso_646.irv:1991,us,cp367,ibm367,"
                + "7bit,unknown-8bit,x-unknown,unknown,default,x-user-defined,8bit"
        ),
        ("BIG5-HKSCS", "big5,big5-hkscs,cn-big5,csbig5,x-x-big5,cp950,windows-950,ms950,big5hkscs,big-5"),
        ("CP1250", "cp1250,windows-1250,x-cp1250,windows1250,win-1250,cp-1250"),
        ("CP1251", "cp1251,windows-1251,x-cp1251,windows1251,win-1251,cp-1251"),
        (
            "CP1252",
            "cp1252,cp819,csisolatin1,ibm819,iso-8859-1,iso-ir-100,iso8859-1,iso88591,iso_8859-1,"
                + "iso_8859-1:1987,l1,latin1,windows-1252,x-cp1252,windows1252,iso-8859-1-windows-3.1-latin-1,"
                + "win-1252,iso8859_1,latin-1,ansi,cp-1252,iso 8859-1,8859-1"
        ),
        ("CP1253", "cp1253,windows-1253,x-cp1253,windows1253,win-1253,cp-1253"),
        (
            "CP1254",
            "cp1254,csisolatin5,iso-8859-9,iso-ir-148,iso8859-9,iso88599,iso_8859-9,iso_8859-9:1989,l5,"
                + "latin5,windows-1254,x-cp1254,windows1254,win-1254,cp-1254"
        ),
        ("CP1255", "cp1255,windows-1255,x-cp1255,windows1255,win-1255,cp-1255"),
        ("CP1256", "cp1256,windows-1256,x-cp1256,windows1256,win-1256,cp-1256"),
        ("CP1257", "cp1257,windows-1257,x-cp1257,windows1257,win-1257,cp-1257"),
        ("CP1258", "cp1258,windows-1258,x-cp1258,windows1258,win-1258,cp-1258"),
        ("CP437", "cp437,ibm437,cp-437"),
        ("CP850", "cp850,ibm850"),
        ("CP852", "cp852,ibm852"),
        ("CP874", "dos-874,iso-8859-11,iso8859-11,iso885911,tis-620,windows-874,cp874,tis620,iso-8859-11:2001"),
        (
            "CP932",
            "csshiftjis,shiftjis,ms932,ms_kanji,shift-jis,shift_jis,sjis,windows-31j,x-sjis,cp932,x-ms-cp932,"
                + "cswindows31j,shift_jisx0213"
        ),
        (
            "CP949",
            "cseuckr,csksc56011987,euc-kr,iso-ir-149,korean,ks_c_5601-1987,ks_c_5601-1989,ksc5601,"
                + "ksc_5601,windows-949,cp949,uhc,ms949,ks_c_5601,x-windows-949"
        ),
        ("EUC-JP-MS", "cseucpkdfmtjapanese,euc-jp,x-euc-jp,eucjp,euc_jp,ujis,cp51932"),
        ("EUC-TW", "euc-tw,x-euc-tw"),
        (
            "GB18030",
            "chinese,csgb2312,csiso58gb231280,gb2312,gb_2312,gb_2312-80,gbk,iso-ir-58,x-gbk,gb18030,"
                + "cp936,ms936,windows-936,gb2312-80,gb_18030-2000,euc-cn,gb18030-2000,gb18030-2022"
        ),
        ("IBM866", "866,cp866,csibm866,ibm866,cp-866"),
        ("ISO-2022-CN-EXT", "iso-2022-cn,iso-2022-cn-ext"),
        (
            "ISO-2022-JP-3",
            "csiso2022jp,iso-2022-jp,iso-2022-jp-1,iso-2022-jp-2,iso-2022-jp-3,iso-2022-jp-ms,cp50220,"
                + "cp50221,x-windows-iso2022jp"
        ),
        ("ISO-2022-KR", "iso-2022-kr,csiso2022kr"),
        ("ISO-8859-10", "csisolatin6,iso-8859-10,iso-ir-157,iso8859-10,iso885910,l6,latin6"),
        ("ISO-8859-13", "iso-8859-13,iso8859-13,iso885913"),
        ("ISO-8859-14", "iso-8859-14,iso8859-14,iso885914"),
        ("ISO-8859-15", "csisolatin9,iso-8859-15,iso8859-15,iso885915,iso_8859-15,l9,latin9,latin-9"),
        ("ISO-8859-16", "iso-8859-16"),
        (
            "ISO-8859-2",
            "csisolatin2,iso-8859-2,iso-ir-101,iso8859-2,iso88592,iso_8859-2,iso_8859-2:1987,l2,latin2,"
                + "latin-2"
        ),
        ("ISO-8859-3", "csisolatin3,iso-8859-3,iso-ir-109,iso8859-3,iso88593,iso_8859-3,iso_8859-3:1988,l3,latin3"),
        ("ISO-8859-4", "csisolatin4,iso-8859-4,iso-ir-110,iso8859-4,iso88594,iso_8859-4,iso_8859-4:1988,l4,latin4"),
        (
            "ISO-8859-5",
            "csisolatincyrillic,cyrillic,iso-8859-5,iso-ir-144,iso8859-5,iso88595,iso_8859-5,"
                + "iso_8859-5:1988"
        ),
        (
            "ISO-8859-6",
            "arabic,asmo-708,csiso88596e,csiso88596i,csisolatinarabic,ecma-114,iso-8859-6,iso-8859-6-e,"
                + "iso-8859-6-i,iso-ir-127,iso8859-6,iso88596,iso_8859-6,iso_8859-6:1987"
        ),
        (
            "ISO-8859-7",
            "csisolatingreek,ecma-118,elot_928,greek,greek8,iso-8859-7,iso-ir-126,iso8859-7,iso88597,"
                + "iso_8859-7,iso_8859-7:1987,sun_eu_greek"
        ),
        (
            "ISO-8859-8",
            "csiso88598e,csisolatinhebrew,hebrew,iso-8859-8,iso-8859-8-e,iso-ir-138,iso8859-8,iso88598,"
                + "iso_8859-8,iso_8859-8:1988,visual,csiso88598i,iso-8859-8-i,logical"
        ),
        ("KOI8-R", "cskoi8r,koi,koi8,koi8-r,koi8_r,koi8r"),
        ("KOI8-U", "koi8-ru,koi8-u,koi8u"),
        ("MAC-CYRILLIC", "x-mac-cyrillic,x-mac-ukrainian"),
        ("MACINTOSH", "csmacintosh,mac,macintosh,x-mac-roman,x-mac,macroman,mac-roman"),
        ("TCVN", "tcvn,viscii-tcvn"),
        ("UTF-16", "iso-10646-ucs-2,ucs-2,unicode,utf-16"),
        ("UTF-16BE", "unicodefffe,utf-16be"),
        ("UTF-16LE", "csunicode,unicodefeff,utf-16le"),
        ("UTF-32", "utf-32,utf32"),
        ("UTF-7", "utf-7,unicode-1-1-utf-7,csunicode11utf7,x-unicode-2-0-utf-7"),
        (
            "UTF-8",
            "unicode-1-1-utf-8,unicode11utf8,unicode20utf8,utf-8,utf8,x-unicode20utf8,utf_8,utf-8n,"
                + "utf-8-sig,cp65001,x-utf-8,utf8mb4,u8"
        ),
        ("VISCII", "viscii"),
    ]

    /// Control characters that programs write and mean windows-1252 by: `&#147;`.
    ///
    /// Source: html.spec.whatwg.org section 13.2.5.80.
    static func withoutC1(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { 0x80...0x9f ~= $0.value }) else { return text }
        let scalars = text.unicodeScalars.map { 0x80...0x9f ~= $0.value ? self.windows1252[Int($0.value) - 0x80] : $0 }
        return String(String.UnicodeScalarView(scalars))
    }

    /// What windows-1252 has from 0x80 to 0x9f.
    static let windows1252: [Unicode.Scalar] = [
        "\u{20ac}", "\u{81}", "\u{201a}", "\u{192}", "\u{201e}", "\u{2026}", "\u{2020}", "\u{2021}",
        "\u{2c6}", "\u{2030}", "\u{160}", "\u{2039}", "\u{152}", "\u{8d}", "\u{17d}", "\u{8f}",
        "\u{90}", "\u{2018}", "\u{2019}", "\u{201c}", "\u{201d}", "\u{2022}", "\u{2013}", "\u{2014}",
        "\u{2dc}", "\u{2122}", "\u{161}", "\u{203a}", "\u{153}", "\u{9d}", "\u{17e}", "\u{178}",
    ]
}
