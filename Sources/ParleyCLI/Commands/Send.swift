import ArgumentParser
import ParleyServer

extension Parley {
    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a text: into a conversation, or to an address over a channel.",
            discussion: examples(
                """
                parley send --workspace acme --channel support --to +15005550123 "Your parcel is here."
                parley send --workspace acme --conversation 01901640-0000-7000-8000-000000000002 "Thank you."
                """
            ) + "\n\nThe message is on its way when this ends; `parley work` hands it over."
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var workspace: WorkspaceOption
        @Option(help: "The conversation's id.")
        var conversation: String?
        @Option(help: "The channel, by name or id.")
        var channel: String?
        @Option(help: "The address, as people write it.")
        var to: String?
        @Argument(help: "What to say.")
        var text: String

        func validate() throws {
            guard (self.conversation != nil) != (self.channel != nil && self.to != nil), !self.text.isEmpty else {
                throw ValidationError("Give --conversation, or --channel and --to, and something to say.")
            }
        }

        func run() async throws {
            let posted = try await Operator.with(self.database.settings()) { one in
                if let conversation {
                    return try await one.send(self.text, conversation: conversation, workspace: self.workspace.name)
                }
                return try await one.send(self.text, to: self.to ?? "", channel: self.channel ?? "", workspace: self.workspace.name)
            }
            self.output.showOne(posted)
        }
    }
}
