import Foundation
import Testing

@testable import ParleyServer

@Suite struct SealerTests {
    private static let old = "a:" + Data(repeating: 1, count: 32).base64EncodedString()
    private static let new = "b:" + Data(repeating: 2, count: 32).base64EncodedString()
    private let owner = UUID()

    @Test func `opens what it sealed, for the row it was sealed for only`() throws {
        let sealer = try Sealer(masterKey: Self.old)
        let sealed = try sealer.seal(Array("secret".utf8), for: self.owner)
        #expect(try sealer.open(sealed, for: self.owner) == Array("secret".utf8))
        #expect(throws: Sealer.Failure.damaged) { try sealer.open(sealed, for: UUID()) }
        #expect(!String(decoding: sealed, as: UTF8.self).contains("secret"))
    }

    @Test func `the first key seals and all open, so a key is rotated without a gap`() throws {
        let sealed = try Sealer(masterKey: Self.old).seal([1, 2, 3], for: self.owner)
        let both = try Sealer(masterKey: "\(Self.new),\(Self.old)")
        #expect(try both.open(sealed, for: self.owner) == [1, 2, 3])
        let again = try both.seal([1, 2, 3], for: self.owner)
        #expect(try Sealer(masterKey: Self.new).open(again, for: self.owner) == [1, 2, 3])
        #expect(throws: Sealer.Failure.unknownKey("a")) { try Sealer(masterKey: Self.new).open(sealed, for: self.owner) }
    }

    @Test func `any changed byte is noticed`() throws {
        let sealer = try Sealer(masterKey: Self.old)
        let sealed = try sealer.seal([1, 2, 3], for: self.owner)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: (any Error).self) { try sealer.open(changed, for: self.owner) }
        }
        #expect(throws: Sealer.Failure.damaged) { try sealer.open([], for: self.owner) }
    }

    @Test(arguments: ["", "a:short", "a:\(Data(repeating: 1, count: 31).base64EncodedString())", "no base64!"])
    func `refuses a master key that is none`(text: String) {
        #expect(throws: Sealer.Failure.self) { try Sealer(masterKey: text) }
    }
}
