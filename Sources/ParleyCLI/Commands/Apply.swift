import ArgumentParser
import ParleyServer

extension Parley {
    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a workspace's channels be what a file says: all of it, or nothing.",
            discussion: examples("parley apply -f channels.yaml\nTWILIO_TOKEN=… parley apply -f channels.yaml --json") + """


                A file is YAML or JSON; a setting that is ${NAME} is taken from the environment:

                  workspace: acme
                  channels:
                    - name: support
                      adapter: twilio
                      settings: {account_sid: AC…, auth_token: "${TWILIO_TOKEN}", from: "+15005550006"}
                      policy: {unknown: retry}

                Channels that the file does not name stay as they are.
                """
        )
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions
        @Option(name: .shortAndLong, help: "What the channels should be.")
        var file: String

        func run() async throws {
            self.output.show(try await Operator.with(self.database.settingsForHooks()) { try await $0.apply(self.file) })
        }
    }
}
