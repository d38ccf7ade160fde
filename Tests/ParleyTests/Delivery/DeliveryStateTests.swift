import Foundation
import Parley
import TestSupport
import Testing

@Suite struct DeliveryStateTests {
    /// The words of the corpus, which are Twilio's; nil for one that says nothing of a state.
    private static let words: [String: ReceiptStatus] = [
        "accepted": .accepted, "queued": .accepted, "sending": .accepted, "sent": .sent, "delivered": .delivered, "read": .read,
        "failed": .failed, "undelivered": .failed, "canceled": .cancelled,
    ]

    @Test func `ends every run of callbacks of the corpus as it must`() throws {
        for run in try #require(SharedCorpus.json("sms/status.json").array) {
            var state = DeliveryState.accepted
            for callback in run["callbacks"]?.array ?? [] where callback["accept"]?.bool == true {
                let form = URLComponents(string: "?" + (callback["body"]?.string ?? ""))?.queryItems ?? []
                let word = form.first { $0.name == "MessageStatus" }?.value ?? ""
                if let status = Self.words[word] { state = state.merging(DeliveryState(status)) }
            }
            let final = try #require(run["final"]?.string)
            #expect(state.rawValue == (Self.words[final]?.rawValue ?? final), "\(run["run"]?.string ?? "")")
        }
    }

    @Test func `is the same whatever order receipts come in, and however often`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let reports = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                ReceiptStatus.allCases.randomElement(using: &random)!
            }
            let shuffled = (reports + reports).shuffled(using: &random)
            func state(_ reports: [ReceiptStatus]) -> DeliveryState { reports.reduce(.accepted) { $0.merging(DeliveryState($1)) } }
            #expect(state(reports) == state(shuffled))
        }
    }

    @Test func `is ours to work on, with the provider, or at an end`() {
        #expect(DeliveryState.underWay == ["queued", "sending", "unknown", "held"])
        #expect(DeliveryState.handedOver == ["accepted", "sent", "delivered", "read"])
        #expect(Set(DeliveryState.stuck).isSubset(of: DeliveryState.underWay))
    }

    @Test func `never goes back`() {
        for state in DeliveryState.allCases {
            for reported in DeliveryState.allCases { #expect(state.merging(reported).rank >= state.rank) }
        }
    }

    @Test(
        arguments: [
            ([.delivered, .sent], .sent), ([.delivered, .delivered], .delivered), ([.read, .failed, .sent], .failed),
            ([.accepted], .accepted),
            ([.cancelled, .sent], .cancelled),
        ] as [([DeliveryState], DeliveryState)]
    )
    func `of a message is that of its slowest part, or of one that ended`(parts: [DeliveryState], whole: DeliveryState) {
        #expect(DeliveryState(of: parts) == whole)
    }
}

@Suite struct BreakerTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)

    @Test func `opens within twenty failures in a row, lets one probe through, and closes on success`() {
        var breaker = Breaker()
        var now = self.start
        var sent = 0
        // Ten minutes of 500s, somebody always waiting to send.
        while now < self.start + 600 {
            switch breaker.admission(at: now) {
            case .go:
                sent += 1
                breaker.record(.failure, at: now)
            case .probe:
                sent += 1
                breaker.beginProbe(at: now)
                #expect(breaker.admission(at: now) != .probe, "one probe at a time")
                now += 1
                breaker.record(.failure, at: now)
            case .wait(let wait): now += max(0.001, wait / .seconds(1))
            }
        }
        #expect(sent <= 20)
        breaker.record(.success, at: now)
        #expect(breaker.admission(at: now) == .go)
    }

    @Test func `counts failures in a row only`() {
        var breaker = Breaker()
        for _ in 0..<50 {
            for _ in 1..<Breaker.threshold { breaker.record(.failure, at: self.start) }
            breaker.record(.success, at: self.start)
        }
        #expect(breaker.admission(at: self.start) == .go)
    }

    @Test func `sends another probe when the first one's worker died`() {
        var breaker = Breaker(failures: Breaker.threshold, openUntil: self.start)
        #expect(breaker.admission(at: self.start) == .probe)
        breaker.beginProbe(at: self.start)
        #expect(breaker.admission(at: self.start + 46) == .probe)
    }
}

@Suite struct RetryAfterTests {
    @Test(
        arguments: [
            ("1", 1), ("3600", 3_600), ("-1", -1), ("1e99", 1e99), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("0.25", 0.25), (" 7 ", 7),
            ("junk", nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("", nil),
        ] as [(String, Double?)]
    )
    func `reads seconds and dates`(text: String, seconds: Double?) {
        #expect(RetryAfter.seconds(text, at: Date(timeIntervalSince1970: 784_111_740)) == seconds)
    }
}

@Suite struct SendBudgetTests {
    @Test func `lets one request through per gap, idle time saved up for none`() {
        let start = Date(timeIntervalSince1970: 1_000)
        var budget = SendBudget(nextAt: .distantPast)
        #expect(budget.wait(at: start) == 0)
        budget.spend(at: start, gap: 0.5)
        #expect(budget.wait(at: start) == 0.5)
        #expect(budget.wait(at: start + 10) == 0)
        budget.spend(at: start + 10, gap: 0.5)
        #expect(budget.wait(at: start + 10.25) == 0.25)
        budget.pause(until: start + 60)
        #expect(budget.wait(at: start + 10.25) == 49.75)
    }
}
