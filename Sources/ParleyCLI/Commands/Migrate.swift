import ArgumentParser
import ParleyServer

extension Parley {
    struct Migrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the database's tables up to date.",
            discussion: examples(
                """
                parley migrate
                parley migrate --pending              only say what would be done
                """
            ) + "\n\nSafe while serve and work run, and when two run at once: one of them works, the other waits."
        )
        @OptionGroup var database: DatabaseOptions
        @Flag(help: "Only list the migrations that are not applied yet.")
        var pending = false

        func run() async throws {
            let migrations = try Migrations(settings: self.database.settings())
            if self.pending {
                for name in try await migrations.pending() { print(name) }
            } else {
                let applied = try await migrations.run()
                for name in applied { print("applied \(name)") }
                if applied.isEmpty { print("nothing to do") }
            }
        }
    }
}
