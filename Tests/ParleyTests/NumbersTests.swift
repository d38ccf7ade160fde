import Parley
import TestSupport
import Testing

@Suite struct PhoneNumberTests {
    @Test func `reads every number of the corpus`() throws {
        let cases = try #require(SharedCorpus.json("sms/numbers.json").array)
        #expect(!cases.isEmpty)
        for item in cases {
            let input = try #require(item["input"]?.string)
            let number = PhoneNumber(input, region: item["default_region"]?.string)
            #expect(number?.rawValue == item["e164"]?.string, "\(input)")
        }
    }

    @Test(
        arguments: [
            ("8 (812) 123-45-67", "RU", "+78121234567"), ("+7 812 123 45 67", nil, "+78121234567"), ("06 1 234 5678", "HU", "+3612345678"),
            ("\u{202a}+44 7700 900123\u{202c}", nil, "+447700900123"), ("＋４４ 7700 900123", nil, "+447700900123"),
            ("011 44 7700 900123", "US", "+447700900123"), ("0011 44 7700 900123", "AU", "+447700900123"),
            ("00 1 415 555 2671", "gb", "+14155552671"),
            ("06 6982 0000", "IT", "+390669820000"), ("tel:+1-415-555-2671;ext=12", nil, "+14155552671"),
            ("2070 1234", "DK", "+4520701234"),
            ("+41 (0)44 668 18 00", nil, "+41446681800"), ("+36 06 1 234 5678", nil, "+3612345678"),
            ("+8801712345678", nil, "+8801712345678"), ("447700900123", "GB", "+447700900123"),
        ] as [(String, String?, String)]
    )
    func `reads what people write`(text: String, region: String?, number: String) {
        #expect(PhoneNumber(text, region: region)?.rawValue == number)
    }

    @Test(
        arguments: [
            ("72345", "GB"), ("72345", nil), ("PARLEY", "GB"), ("+0", nil), ("+999 123 456", nil), ("+1 500 555", nil),
            ("1-800-FLOWERS", "US"), ("++44 7700 900123", nil),
            ("44+7700900123", "GB"), ("020 7946 0958", "ZZ"), ("+44\u{0}7700900123", nil),
        ] as [(String, String?)]
    )
    func `refuses what is no number`(text: String, region: String?) {
        #expect(PhoneNumber(text, region: region) == nil)
    }

    @Test func `takes as a raw value only what is already normal`() {
        #expect(PhoneNumber(rawValue: "+442079460958") != nil)
        #expect(PhoneNumber(rawValue: "+44 20 7946 0958") == nil)
    }
}

@Suite struct SegmentationTests {
    @Test func `counts every text of the corpus`() throws {
        let cases = try #require(SharedCorpus.json("sms/segments.json").array)
        #expect(!cases.isEmpty)
        for item in cases {
            let segmentation = Segmentation(of: try #require(item["text"]?.string))
            let name = Comment(rawValue: item["case"]?.string ?? "")
            #expect(segmentation.encoding.rawValue == item["encoding"]?.string, name)
            #expect(segmentation.units == item["units"]?.int, name)
            #expect(segmentation.segments == item["segments"]?.int, name)
            #expect(segmentation.partUnits == item["part_units"]?.array?.compactMap(\.int), name)
        }
    }

    @Test(arguments: [Capabilities.TextEncoding.gsm7, .unicode], [1, 2, 7, 10])
    func `loses nothing and never passes the limit`(encoding: Capabilities.TextEncoding, limit: Int) {
        var random = SeededGenerator(seed: 20_261_121)
        let alphabet = ["a", "word ", "€", "\n", "é", "👩‍👩‍👧‍👦", "e\u{301}", "я", "\r\n", "𝒳", "🇳🇱", "   "]
        for _ in 0..<60 {
            let text = (0..<Int.random(in: 0...400, using: &random)).map { _ in alphabet.randomElement(using: &random)! }.joined()
            let parts = Segmentation.split(text, encoding: encoding, limit: limit)
            #expect(parts.joined().unicodeScalars.elementsEqual(text.unicodeScalars))
            for part in parts {
                switch encoding {
                case .gsm7: #expect(Segmentation(of: part).segments <= limit)
                // One scalar may be wider than a limit of 1 and is still not cut.
                case .unicode: #expect(part.utf16.count <= max(2, limit))
                }
            }
        }
    }

    @Test func `cuts behind white space in the later half of a part, else between characters`() {
        #expect(Segmentation.split("hello brave world", encoding: .unicode, limit: 12) == ["hello brave ", "world"])
        #expect(Segmentation.split("a bcdefghijklmno", encoding: .unicode, limit: 8) == ["a bcdefg", "hijklmno"])
        #expect(Segmentation.split("aaa👩‍👩‍👧‍👦", encoding: .unicode, limit: 12) == ["aaa", "👩‍👩‍👧‍👦"])
        #expect(Segmentation.split("", encoding: .gsm7, limit: 10) == [""])
    }
}
