import ArgumentParser
import ParleyServer

extension Parley {
    struct DoctorCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "doctor",
            abstract: "Look for what is wrong, or soon will be, and say what to do. Changes nothing.",
            discussion: examples(
                """
                parley doctor
                parley doctor --invariants              check the promises on the data as they are
                parley doctor --data .parley            look at a running `parley dev`
                """
            )
                + "\n\nEnds with 1 when something does not work, with 69 when the database cannot be reached, with 78 when a setting is wrong; warnings end with 0."
        )
        @OptionGroup var database: DatabaseOptions
        @Flag(help: "Check what must always hold: nothing twice, nothing lost, order kept, workspaces apart.")
        var invariants = false

        func run() async throws {
            let doctor = Doctor(settings: try self.database.settings())
            try show(self.invariants ? await doctor.invariants() : await doctor.examine())
        }
    }
}
