import ArgumentParser
import ParleyServer

extension Parley {
    struct Work: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Thread what came in and deliver what goes out.",
            discussion: examples(
                """
                parley work
                parley work --listen 127.0.0.1:8081
                parley work --egress-allow 10.1.0.0/16
                PARLEY_DATABASE_URL=postgresql://parley@db/parley PARLEY_MASTER_KEY_FILE=/etc/parley/master.key parley work
                """
            )
        )
        @OptionGroup var database: DatabaseOptions
        @Option(help: ArgumentHelp("Private networks that outbound calls may reach (PARLEY_EGRESS_ALLOW).", valueName: "CIDRs"))
        var egressAllow: String?
        @Option(help: ArgumentHelp("Where to answer /livez, /readyz and /metrics (PARLEY_WORK_LISTEN).", valueName: "host:port"))
        var listen: String?

        func run() async throws {
            try await WorkProcess(settings: self.database.settings([.egressAllow: self.egressAllow, .workListen: self.listen])).run()
        }
    }
}
