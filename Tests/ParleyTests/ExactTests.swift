import Foundation
import Testing

@testable import Parley

@Suite struct ExactTests {
    @Test func `texts of other bytes are two, whatever a reader takes them for (I1)`() {
        let (composed, decomposed) = (Exact("caf\u{e9}"), Exact("cafe\u{301}"))
        #expect(composed != decomposed && composed == Exact("caf\u{e9}"))
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(decomposed < composed && !(composed < decomposed) && !(composed < composed))
    }

    @Test func `what is made of them is as exact, and written as it always was`() throws {
        let addresses = ["caf\u{e9}", "cafe\u{301}"].map { Address(space: AddressSpace(rawValue: "slack:\($0)"), value: "U1") }
        #expect(Set(addresses).count == 2 && addresses[0] != addresses[1])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let bytes = try encoder.encode(Address(space: .email, value: "a@b.test"))
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"space":"email","value":"a@b.test"}"#)
        #expect(try JSONDecoder().decode(Address.self, from: bytes) == Address(space: .email, value: "a@b.test"))
    }
}
