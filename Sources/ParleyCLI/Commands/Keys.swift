import ArgumentParser
import ParleyServer

extension Parley {
    struct Keys: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The keys that open the API.",
            discussion: examples(
                """
                parley keys create --workspace acme --name crm
                parley keys create --workspace acme --name reports --scope read --days 90
                parley keys list --workspace acme
                parley keys revoke --workspace acme 01901640-0000-7000-8000-000000000001
                """
            ),
            subcommands: [List.self, Create.self, Revoke.self]
        )
    }
}

extension Parley.Keys {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a workspace's keys.",
            discussion: examples("parley keys list --workspace acme\nparley keys list --workspace acme --json")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var workspace: WorkspaceOption

        func run() async throws {
            let listing = try await Operator.with(self.database.settings()) { try await $0.listKeys(workspace: self.workspace.name) }
            self.output.show(listing)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key, and the workspace when there is none of that name. The key is shown this once.",
            discussion: examples(
                """
                parley keys create --workspace acme --name crm
                parley keys create --workspace acme --name reports --scope read --days 90
                """
            )
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var workspace: WorkspaceOption
        @Option(help: "What the key is for.")
        var name: String
        @Option(help: "read, write or manage; may be given several times. All three when not given.")
        var scope: [String] = ["read", "write", "manage"]
        @Option(help: "Days until the key stops working, 1 to 36500; for ever when not given.")
        var days: Int?

        func run() async throws {
            let listing = try await Operator.with(self.database.settings()) {
                try await $0.createKey(workspace: self.workspace.name, name: self.name, scopes: self.scope, days: self.days)
            }
            self.output.showOne(listing)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key stop working, within a second and for ever.",
            discussion: examples("parley keys revoke --workspace acme 01901640-0000-7000-8000-000000000001")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var workspace: WorkspaceOption
        @Argument(help: "The key's id, as `keys list` shows it.")
        var id: String

        func run() async throws {
            try await Operator.with(self.database.settings()) { try await $0.revokeKey(self.id, workspace: self.workspace.name) }
            print("revoked \(self.id)")
        }
    }
}
