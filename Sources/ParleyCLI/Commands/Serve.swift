import ArgumentParser
import ParleyServer

extension Parley {
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take requests over HTTP, providers' hooks and the API, and mail over SMTP.",
            discussion: examples(
                """
                parley serve
                parley serve --http-listen 0.0.0.0:8080 --smtp-listen 0.0.0.0:25 --public-url https://bridge.example
                PARLEY_DATABASE_URL=postgresql://parley@db/parley PARLEY_MASTER_KEY_FILE=/etc/parley/master.key parley serve
                """
            )
        )
        @OptionGroup var database: DatabaseOptions
        @Option(help: ArgumentHelp("Where to listen (PARLEY_HTTP_LISTEN).", valueName: "address:port"))
        var httpListen: String?
        @Option(help: ArgumentHelp("Where to listen for mail (PARLEY_SMTP_LISTEN).", valueName: "address:port"))
        var smtpListen: String?
        @Option(help: ArgumentHelp("Where providers reach us; part of what some of them sign (PARLEY_PUBLIC_URL).", valueName: "url"))
        var publicURL: String?

        func run() async throws {
            try await ServeProcess(
                settings: self.database.settings([
                    .httpListen: self.httpListen, .smtpListen: self.smtpListen, .publicURL: self.publicURL,
                ])
            ).run()
        }
    }
}
