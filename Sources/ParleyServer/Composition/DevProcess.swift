import Channels
import Curl
import Foundation
import Logging
import Parley
import Postgres
import SMTP
import ServiceLifecycle

/// `parley dev`: everything in one process on a private PostgreSQL, with sandbox providers to talk to.
package struct DevProcess: Sendable {
    private let folder: DevFolder
    private let settings: Settings
    private let logger: Logger

    /// - Throws: `ConfigurationError`.
    package init(settings: Settings, folder: DevFolder) throws {
        var settings = settings
        self.folder = folder
        let level = settings.isGiven(.logLevel) ? try settings.logLevel : .warning
        self.logger = Logger(label: "parley") { LineLogHandler(label: $0, level: level, form: .text) }
        settings.set(.masterKeyFile, folder.masterKeyFile)
        var address = try settings.httpListen
        if address.port == 0 { address.port = try ListenAddress.freePort() }
        settings.set(.httpListen, address.description)
        // Where the demo channels send to is this process.
        var allowed = ["127.0.0.0/8", "::1/128"] + [settings.text(.egressAllow) ?? ""].filter { !$0.isEmpty }
        if IPAddress(address.local.host) != nil { allowed.append(address.local.host) }
        settings.set(.egressAllow, allowed.joined(separator: ", "))
        if !settings.isGiven(.publicURL) { settings.set(.publicURL, "http://\(address.local)") }
        var mail = try settings.smtpListen
        // Nobody chose the port, so another `parley dev` beside this one is no reason not to start.
        if mail.port == 0 || (!settings.isGiven(.smtpListen) && !mail.isFree) { mail.port = try ListenAddress.freePort() }
        settings.set(.smtpListen, mail.description)
        self.settings = settings
    }

    /// Runs until Ctrl-C or SIGTERM; nothing is left running then, and the data stay.
    ///
    /// - Parameter say: gets lines for the person who started it.
    package func run(_ say: @escaping @Sendable (String) -> Void) async throws {
        let stop = await StopRequest.listening()
        let lock = try self.folder.open()
        defer { lock.release() }
        try? FileManager.default.removeItem(atPath: self.folder.descriptionFile)
        _ = try self.folder.secret(in: self.folder.masterKeyFile) { Data(try Crypto.random(32)).base64EncodedString() }

        say("Starting PostgreSQL in \(self.folder.cluster) …")
        let cluster = try await EmbeddedCluster.start(directory: self.folder.cluster, logger: self.logger)
        do {
            if await !stop.isMade { try await self.run(on: cluster, until: stop, say) }
        } catch {
            try? await cluster.stop()
            throw error
        }
        try? FileManager.default.removeItem(atPath: self.folder.descriptionFile)
        try await cluster.stop()
    }

    private func run(on cluster: EmbeddedCluster, until stop: StopRequest, _ say: @escaping @Sendable (String) -> Void) async throws {
        try await cluster.createDatabase("parley")
        var settings = self.settings
        settings.set(.databaseURL, cluster.url(database: "parley"))
        try await Migrator(directory: try settings.home.sql).run(
            on: ConnectionSettings(url: try settings.databaseURL, applicationName: "parley dev"),
            logger: self.logger
        )
        if !settings.isGiven(.smtpCertificate), !settings.isGiven(.smtpKey) {
            let files = try self.folder.certificate(for: try settings.smtpHostname)
            settings.set(.smtpCertificate, files.certificate)
            settings.set(.smtpKey, files.key)
        }
        let parts = try ProcessParts(settings: settings, name: "dev", logger: self.logger, options: ConnectionSettings.prompt)
        let work = try WorkParts(parts)
        var web = try WebParts(parts, beside: work)
        let sandbox = try Sandbox(logger: self.logger)
        web.mount { sandbox.addRoutes(to: &$0) }
        let mailPort = try ListenAddress.freePort()
        let demo = try await Demo(parts: parts, keys: web.keys, folder: self.folder, mailPort: mailPort).description()
        let mailboxes = SMTPServer(
            host: "127.0.0.1",
            port: mailPort,
            settings: SMTPSettings(hostname: "sandbox.example"),
            receiver: MailPeer(sandbox: sandbox),
            grace: .seconds(2),
            logger: self.logger
        )
        await sandbox.connect(demo.channels, mailServer: demo.smtp)
        if let workspace = WorkspaceID(demo.workspaceId) {
            let page = TryIt(demo: demo, workspace: workspace, home: try settings.home, pool: parts.pool, feed: web.feed, sandbox: sandbox)
            web.mount(page.mount)
        }

        let folder = self.folder
        let (takesMail, isTakingMail) = AsyncStream.makeStream(of: Void.self)
        let mail = try web.mail { _ in isTakingMail.finish() }
        let services =
            [work.service, sandbox, mailboxes, mail]
            + web.services(at: try settings.httpListen) { _ in
                for await _ in takesMail {}
                do {
                    try folder.write(demo)
                    say(demo.banner(folder: folder))
                } catch { say("\(error)") }
            }
        try await parts.run(services, until: stop)
    }
}

extension DevDescription {
    /// What a person wants to know first. No secret: a terminal is looked at by many.
    func banner(folder: DevFolder) -> String {
        var lines = [
            "", "Parley is ready. Ctrl-C stops everything; the data stay in \(folder.path)", "",
            "  API        \(self.httpURL)/v1", "  API key    in \(folder.descriptionFile)", "  Try it     \(self.httpURL)/",
            "  Sandbox    \(self.httpURL)/sandbox/", "  Mail in    smtp://\(self.smtp)",
            "  Database   psql '\(self.databaseURL)'",
        ]
        for channel in self.channels {
            lines.append("  \(channel.adapter.padding(toLength: 9, withPad: " ", startingAt: 0))  \(channel.hookURL)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
