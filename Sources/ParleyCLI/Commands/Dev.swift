import ArgumentParser
import Foundation
import ParleyServer

extension Parley {
    struct Dev: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything in one process on a private PostgreSQL, with sandbox providers: for a first try.",
            discussion: examples(
                """
                parley dev
                parley dev --data /tmp/try --http-port 9000
                """
            ) + "\n\nOnce all is ready, FOLDER/dev.json says how to reach it. Ctrl-C stops everything; the data stay in FOLDER."
        )
        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("Where the database, the keys and dev.json are kept.", valueName: "folder"))
        var data = ".parley"
        @Option(
            help: ArgumentHelp(
                "The port on 127.0.0.1 for hooks, API and sandbox; by default PARLEY_HTTP_LISTEN, or 8080; 0 takes any free one.",
                valueName: "port"
            )
        )
        var httpPort: Int?
        @Option(
            help: ArgumentHelp("The port on 127.0.0.1 for mail; by default 2525, or any free one; 0 takes any free one.", valueName: "port")
        )
        var smtpPort: Int?

        func run() async throws {
            let settings = try self.common.settings([
                .httpListen: self.httpPort.map { "127.0.0.1:\($0)" }, .smtpListen: self.smtpPort.map { "127.0.0.1:\($0)" },
            ])
            try await DevProcess(settings: settings, folder: DevFolder(path: self.data)).run {
                FileHandle.standardOutput.write(Data("\($0)\n".utf8))  // at once, also into a file
            }
        }
    }
}
