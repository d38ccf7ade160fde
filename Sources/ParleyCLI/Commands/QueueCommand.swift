import ArgumentParser
import ParleyServer

extension Parley {
    struct QueueCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "queue",
            abstract: "What waits and why, and what to do about what got stuck.",
            discussion: examples(
                """
                parley queue show                                  each queue in numbers
                parley queue show --workspace acme                 what needs a person
                parley queue shape outbox                          who owns which lanes
                parley queue release --workspace acme ID           let a held message go
                parley queue retry --workspace acme ID             try a dead letter again
                parley queue drop --workspace acme ID              call a message off, or forget a dead letter
                """
            ),
            subcommands: [Show.self, Shape.self, Retry.self, Hold.self, Release.self, Drop.self]
        )
    }
}

extension Parley.QueueCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count what waits in each queue; of one workspace, list what needs a person.",
            discussion: examples("parley queue show\nparley queue show --workspace acme\nparley queue show --workspace acme --json")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(help: "List this workspace's held and unknown messages and its dead letters.")
        var workspace: String?
        @Option(help: "How many of each at most: 1 to 10000.")
        var limit = 100

        func validate() throws {
            guard 1...10_000 ~= self.limit else { throw ValidationError("--limit must be 1 to 10000.") }
        }

        func run() async throws {
            let listing = try await Operator.with(self.database.settings()) { one in
                guard let workspace else { return try await one.queues() }
                return try await one.stuck(workspace: workspace, limit: self.limit)
            }
            self.output.show(listing)
        }
    }

    struct Shape: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the lanes of a queue: owner, time left of the lease, jobs.",
            discussion: examples("parley queue shape inbox\nparley queue shape outbox --json")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "One of \(Operator.queueNames).")
        var queue: String

        func run() async throws {
            self.output.show(try await Operator.with(self.database.settings()) { try await $0.lanes(of: self.queue) })
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put dead letters back into their queues, behind what their keys have by now.",
            discussion: examples("parley queue retry --workspace acme 01901640-0000-7000-8000-000000000001")
        )
        @OptionGroup var which: Ids

        func run() async throws {
            try await self.which.each { try await $0.retry($1, workspace: $2) }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let held messages go; flagged as possible duplicates where they may have arrived.",
            discussion: examples(
                """
                parley queue release --workspace acme 01901640-0000-7000-8000-000000000001
                parley queue release --workspace acme --conversation 01901640-0000-7000-8000-000000000002
                """
            )
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var workspace: WorkspaceOption
        @Argument(help: "Messages, by the ids that `queue show` lists.")
        var ids: [String] = []
        @Option(help: "A conversation that `queue hold` holds.")
        var conversation: String?

        func validate() throws {
            guard !self.ids.isEmpty || self.conversation != nil else {
                throw ValidationError("Give the ids of messages, or --conversation.")
            }
        }

        func run() async throws {
            try await Operator.with(self.database.settings()) { one in
                for id in self.ids { try await one.release(id, workspace: self.workspace.name) }
                if let conversation {
                    print("released \(try await one.release(conversation: conversation, workspace: self.workspace.name))")
                }
            }
        }
    }

    struct Hold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hold what a conversation has waiting to leave, and what comes behind it.",
            discussion: examples("parley queue hold --workspace acme 01901640-0000-7000-8000-000000000002")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var workspace: WorkspaceOption
        @Argument(help: "The conversation's id.")
        var conversation: String

        func run() async throws {
            let count = try await Operator.with(self.database.settings()) {
                try await $0.hold(conversation: self.conversation, workspace: self.workspace.name)
            }
            print("held \(count)")
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call messages off that have not left, or forget dead letters. There is no way back.",
            discussion: examples("parley queue drop --workspace acme 01901640-0000-7000-8000-000000000001")
        )
        @OptionGroup var which: Ids

        func run() async throws {
            try await self.which.each { try await $0.drop($1, workspace: $2) }
        }
    }

    /// Things that `queue show --workspace` lists.
    struct Ids: ParsableArguments {
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var workspace: WorkspaceOption
        @Argument(help: "Ids, as `queue show` lists them.")
        var ids: [String]

        func each(_ act: (Operator, String, String) async throws -> Void) async throws {
            try await Operator.with(self.database.settings()) { one in
                for id in self.ids { try await act(one, id, self.workspace.name) }
            }
        }
    }
}
