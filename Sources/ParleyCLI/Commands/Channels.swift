import ArgumentParser
import ParleyServer

extension Parley {
    struct Channels: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The channels of a workspace: its accounts at providers.",
            discussion: examples(
                """
                parley channels add --workspace acme --adapter twilio --name support --settings twilio.json
                parley channels list --workspace acme
                parley channels show --workspace acme support
                parley channels set --workspace acme support --policy '{"verification": "shadow"}'
                parley channels test --workspace acme support
                parley channels remove --workspace acme support
                """
            ),
            subcommands: [List.self, Add.self, Show.self, Set.self, Remove.self, Test.self]
        )
    }
}

/// Which channel a command is about.
struct ChannelArgument: ParsableArguments {
    @OptionGroup var workspace: WorkspaceOption
    @Argument(help: "The channel, by name or id.")
    var channel: String
}

extension Parley.Channels {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a workspace's channels, with the URL that each one's provider must call.",
            discussion: examples("parley channels list --workspace acme\nparley channels list --workspace acme --json")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var workspace: WorkspaceOption

        func run() async throws {
            self.output.show(
                try await Operator.with(self.database.settingsForHooks()) { try await $0.listChannels(workspace: self.workspace.name) }
            )
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Connect an account. What it must be given stands in the adapter's README, and in `parley adapters list --json`.",
            discussion: examples(
                """
                parley channels add --workspace acme --adapter twilio --name support --settings twilio.json
                echo '{"bot_token": "xoxb-…", "signing_secret": "…"}' | parley channels add --workspace acme --adapter slack --name desk --settings -
                """
            )
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var workspace: WorkspaceOption
        @Option(help: "How to speak with the provider: see `parley adapters list`.")
        var adapter: String
        @Option(help: "What people here call the channel.")
        var name: String
        @Option(
            help: ArgumentHelp(
                "A file with a JSON object; - for standard input. Not text, which others could see in `ps`.",
                valueName: "file"
            )
        )
        var settings: String
        @Option(help: ArgumentHelp("Members of the channel's policy, as {\"unknown\": \"retry\"}.", valueName: "json"))
        var policy: String?

        func run() async throws {
            let (settings, policy) = (try JSONInput.file(self.settings), try self.policy.map(JSONInput.text))
            let made = try await Operator.with(self.database.settingsForHooks()) {
                try await $0.addChannel(
                    workspace: self.workspace.name,
                    adapter: self.adapter,
                    name: self.name,
                    settings: settings,
                    policy: policy
                )
            }
            self.output.showOne(made)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one channel, without its secrets.",
            discussion: examples("parley channels show --workspace acme support --json")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var which: ChannelArgument

        func run() async throws {
            let shown = try await Operator.with(self.database.settingsForHooks()) {
                try await $0.showChannel(self.which.channel, workspace: self.which.workspace.name)
            }
            self.output.showOne(shown)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a channel. Settings that are not given stay; one that is null goes back to its default.",
            discussion: examples(
                """
                parley channels set --workspace acme support --settings new-token.json
                parley channels set --workspace acme support --policy '{"verification": "shadow"}'
                parley channels set --workspace acme support --status disabled
                """
            )
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var which: ChannelArgument
        @Option(help: "What people here call the channel.")
        var name: String?
        @Option(help: ArgumentHelp("A file with a JSON object; - for standard input.", valueName: "file"))
        var settings: String?
        @Option(help: ArgumentHelp("Members of the channel's policy.", valueName: "json"))
        var policy: String?
        @Option(help: "active or disabled.")
        var status: String?

        func run() async throws {
            let (settings, policy) = (try self.settings.map(JSONInput.file), try self.policy.map(JSONInput.text))
            let changed = try await Operator.with(self.database.settingsForHooks()) {
                try await $0.setChannel(
                    self.which.channel,
                    workspace: self.which.workspace.name,
                    name: self.name,
                    settings: settings,
                    policy: policy,
                    status: self.status
                )
            }
            self.output.showOne(changed)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a channel through which nothing waits to leave. Its conversations stay.",
            discussion: examples("parley channels remove --workspace acme support")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var which: ChannelArgument

        func run() async throws {
            try await Operator.with(self.database.settings()) {
                try await $0.removeChannel(self.which.channel, workspace: self.which.workspace.name)
            }
            print("removed \(self.which.channel)")
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "See whether a channel could work: its settings fit, its secrets open, its provider can be reached. Sends no message.",
            discussion: examples("parley channels test --workspace acme support")
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var which: ChannelArgument

        func run() async throws {
            let findings = try await Operator.with(self.database.settings()) {
                try await $0.testChannel(self.which.channel, workspace: self.which.workspace.name)
            }
            try show(findings)
        }
    }
}
