import TestSupport
import Testing

@testable import ParleyServer

@Suite struct FirstNewMailTests {
    @Test(arguments: [0, 1, 2, 3, 7, 8, 300, 9_999_999_999])
    func `wherever the first new mail stands, it is found in few questions`(count: Int) {
        for first in Set([1, 2, count / 2, count - 1, count, count + 1]) where (1...count + 1).contains(first) {
            let asked = self.questions(of: count) { $0 >= first }
            #expect(asked.found == first)
            #expect(asked.count <= 2 * (Int.bitWidth - count.leadingZeroBitCount) + 1)
        }
    }

    @Test func `one new mail in a full mailbox takes three questions`() {
        #expect(self.questions(of: 1_000_000) { $0 == 1_000_000 }.count == 3)
    }

    @Test func `a server that answers without order ends the search, too`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1_000 {
            let asked = self.questions(of: 9_999_999_999) { _ in Bool.random(using: &generator) }
            #expect((1...10_000_000_000).contains(asked.found) && asked.count <= 80)
        }
    }

    private func questions(of count: Int, isNew: (Int) -> Bool) -> (found: Int, count: Int) {
        var (search, asked) = (FirstNewMail(of: count), 0)
        while let probe = search.probe {
            search.saw(isNew: isNew(probe))
            asked += 1
        }
        return (search.number, asked)
    }
}
