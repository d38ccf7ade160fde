import ArgumentParser
import CMalloc
import Foundation
import ParleyServer

@main struct Main {
    /// Exit codes: 0 ok, 1 failed, 64 wrong usage, 69 something we need cannot be reached, 78 wrong configuration (sysexits.h).
    static func main() async {
        parley_return_large_blocks()
        FileLimit.raise()
        do {
            var command = try Parley.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard let failure = ProcessFailure(error) else { Parley.exit(withError: error) }
            FileHandle.standardError.write(Data("parley: \(failure.description)\n".utf8))
            exit(failure.code)
        }
    }
}

struct Parley: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "A self-hosted bridge for conversations: SMS, chat and more, one history, one API.",
        discussion: """
            Examples:
              parley dev                       try everything on this machine
              parley migrate                   prepare the database
              parley serve                     take requests: providers' hooks and the API
              parley work                      thread what comes in, deliver what goes out
              parley doctor                    look for what is wrong
            """,
        version: Version.current,
        subcommands: [
            Dev.self, Serve.self, Work.self, Migrate.self, Check.self, Adapters.self, Channels.self, Apply.self, Keys.self,
            QueueCommand.self, Send.self, DoctorCommand.self,
        ]
    )
}
