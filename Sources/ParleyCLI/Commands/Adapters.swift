import ArgumentParser
import Foundation
import ParleyServer

extension Parley {
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the settings and every adapter's file and tell all mistakes, each with file, line and column.",
            discussion: examples("parley check\nparley check --home /usr/share/parley")
        )
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let mistakes: [String]
            do {
                let settings = try self.common.settings()
                mistakes = settings.mistakes + (try AdapterDesk(settings: settings).check())
            } catch let error as ConfigurationError {
                mistakes = [error.description]  // what is asked is whether all is well, so a mistake is an answer: 1, not 78
            }
            guard mistakes.isEmpty else { throw ProcessFailure.failed(mistakes.joined(separator: "\n")) }
            print("all is well")
        }
    }

    struct Adapters: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How to speak with providers: a file for each, tested offline by recorded requests.",
            discussion: examples(
                """
                parley adapters list
                parley adapters test twilio
                parley adapters try slack event.http --settings channel.json
                parley adapters new acme-sms
                """
            ),
            subcommands: [List.self, New.self, Test.self, Try.self]
        )
    }
}

extension Parley.Adapters {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the adapters; with --json also what a channel of each must be given.",
            discussion: examples("parley adapters list\nparley adapters list --json")
        )
        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { self.output.show(try AdapterDesk(settings: self.common.settings()).list()) }
    }

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin an adapter: a folder with a file, a case that passes, and a page to fill in.",
            discussion: examples("parley adapters new acme-sms")
        )
        @OptionGroup var common: CommonOptions
        @Argument(help: "1 to 63 of a–z, 0–9 and -.")
        var name: String

        func run() async throws {
            let folder = try AdapterDesk(settings: self.common.settings()).make(self.name)
            print("made \(folder): edit adapter.yaml and run `parley adapters test \(self.name)`")
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the recorded cases of all adapters, or of those named.",
            discussion: examples("parley adapters test\nparley adapters test twilio slack")
        )
        @OptionGroup var common: CommonOptions
        @Argument(help: "Adapters; all when none is named.")
        var names: [String] = []

        func run() async throws {
            let (failures, cases, passed) = try await AdapterDesk(settings: self.common.settings()).test(self.names)
            for failure in failures { print(failure) }
            print("\(passed) of \(cases) cases passed")
            if passed < cases || cases == 0 { throw ExitCode(1) }
        }
    }

    struct Try: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what an adapter makes of recorded requests, offline.",
            discussion: examples(
                """
                parley adapters try twilio request.http
                parley adapters try slack event.json --settings channel.json
                parley adapters try slack recorded/*.http --out results
                parley adapters try email *.eml --out results
                """
            )
                + "\n\nA file holds a request as it went over the wire, or JSON with method, url, headers and body; for email it holds a mail. With settings the signature is"
                + " looked at too, and `would_refuse` says when it does not fit."
        )
        @OptionGroup var common: CommonOptions
        @Argument(help: "The adapter.")
        var adapter: String
        @Argument(help: ArgumentHelp("Recorded requests.", valueName: "file"))
        var files: [String]
        @Option(help: ArgumentHelp("A file with the channel's settings as a JSON object.", valueName: "file"))
        var settings: String?
        @Option(help: ArgumentHelp("Write FOLDER/NAME.json for each file instead of printing.", valueName: "folder"))
        var out: String?

        func run() async throws {
            let desk = try AdapterDesk(settings: self.common.settings())
            let settings = try self.settings.map(JSONInput.file)
            for file in self.files {
                let text = try await desk.attempt(self.adapter, file: file, settings: settings)
                guard let out else {
                    print(text)
                    continue
                }
                try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
                let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
                try "\(text)\n".write(toFile: "\(out)/\(name).json", atomically: true, encoding: .utf8)
            }
        }
    }
}
