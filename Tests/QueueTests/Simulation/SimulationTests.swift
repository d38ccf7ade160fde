import Foundation
import Testing

@Suite struct SimulationTests {
    private static func setting(_ name: String) -> UInt64? { ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) }
    static let steps = Int(setting("PARLEY_SIMULATION_STEPS") ?? 120_000)
    static let seed = setting("PARLEY_SIMULATION_SEED") ?? .random(in: 1...999_999_999)

    @Test func `order, exclusivity and liveness hold through crashes, stalls, lost lines, late commits and clock jumps`() {
        print("queue simulation: PARLEY_SIMULATION_SEED=\(Self.seed), \(Self.steps) steps")
        let world = Simulation(seed: Self.seed)
        world.run(steps: Self.steps)
        world.settle(within: 300_000)
        #expect(world.violations == [], "seed \(Self.seed)")
        #expect(world.finished > Self.steps / 100, "seed \(Self.seed): the run must do real work")
        print("queue simulation: \(world.steps) steps, \(world.now / 1_000) virtual seconds, \(world.finished) jobs, \(world.kills) kills")
    }

    @Test(arguments: [Simulation.Flaw.noFence, .stepsOver])
    func `the checks catch a broken variant`(flaw: Simulation.Flaw) {
        let caught = (1...20 as ClosedRange<UInt64>).contains { seed in
            let world = Simulation(seed: seed, flaw: flaw)
            world.run(steps: 20_000)
            world.settle(within: 120_000)
            return !world.violations.isEmpty
        }
        #expect(caught)
    }
}
