import Testing

@testable import ParleyServer

@Suite struct ShortMemoryTests {
    private let memory = ShortMemory<String, Int?>(timeToLive: .seconds(1), capacity: 2)
    private let start = ContinuousClock.now

    /// Loads `fresh` where nothing is remembered.
    private func value(of key: String = "a", after age: Duration = .zero, _ fresh: Int?) async -> Int? {
        await self.memory.value(of: key, at: self.start + age) { fresh }
    }

    @Test func `a value is loaded again only when it is old enough, and so is that there was none`() async {
        #expect(await self.value(nil) == nil)
        #expect(await self.value(after: .milliseconds(999), 2) == nil)
        #expect(await self.value(after: .seconds(1), 3) == 3)
        #expect(await self.value(after: .seconds(1.5), 4) == 3)
    }

    @Test(arguments: [nil, "a", "b"]) func `what was being loaded when a change was heard of is given, but not kept`(key: String?) async {
        let first = await self.memory.value(of: "a", at: self.start) {
            self.memory.forget(key)
            return 1
        }
        #expect(first == 1)
        #expect(await self.value(2) == 2)
        #expect(await self.value(3) == 2)
    }

    @Test func `one or all can be forgotten`() async {
        _ = await (self.value(of: "a", 1), self.value(of: "b", 1))
        self.memory.forget("a")
        #expect(await self.value(of: "a", 2) == 2)
        #expect(await self.value(of: "b", 2) == 1)
        self.memory.forget(nil)
        #expect(await self.value(of: "b", 3) == 3)
    }

    @Test func `when it is full it begins anew`() async {
        for key in ["a", "b", "c"] { _ = await self.value(of: key, 1) }
        #expect(await self.value(of: "c", 2) == 1)
        #expect(await self.value(of: "a", 2) == 2)
    }
}
