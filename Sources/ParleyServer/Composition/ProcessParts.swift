import Channels
import Curl
import Foundation
import Logging
import Postgres
import ServiceLifecycle
import UnixSignals

/// What every process stands on, made once from the settings and passed on from here.
struct ProcessParts: Sendable {
    let settings: Settings
    /// `serve`, `work`, `dev`
    let name: String
    let logger: Logger
    let metrics = Metrics()
    let adapters: AdapterRegistry
    let sealer: Sealer
    let pool: Pool
    let listener: Listener
    let channels: ChannelStore

    /// - Throws: `ConfigurationError` when a setting is wrong. Nothing has been started then.
    ///
    /// - Parameter options: what the sessions of the pool are set to.
    init(settings: Settings, name: String, logger: Logger, options: [String: String]) throws {
        self.settings = settings
        self.name = name
        self.logger = logger
        // Also what is only needed later: a wrong setting must be told before anything waits or starts.
        _ = try (
            settings.httpListen, settings.workListen, settings.smtpListen, settings.smtp, settings.publicURL, settings.egress,
            settings.grace
        )
        self.adapters = try settings.adapters
        self.sealer = try settings.sealer
        let url = try settings.databaseURL
        self.pool = Pool(settings: .app(url, name: name, options: options), size: try settings.poolSize, logger: logger)
        self.listener = Listener(settings: .app(url, name: "\(name) listener"), logger: logger)
        self.channels = ChannelStore(pool: self.pool, sealer: self.sealer, adapters: self.adapters)
    }

    /// Waits until the database answers, and refuses one whose tables are not those this version was built for.
    ///
    /// - Returns: false when the process was told to stop meanwhile.
    /// - Throws: `ProcessFailure`: 69 when there was no answer in half a minute, 78 when `parley migrate` is due or
    ///   the master key opens nothing.
    func findDatabase(until stop: StopRequest) async throws -> Bool {
        if try await stop.unlessMade(self.waitForDatabase) != nil { return true }
        await self.end()
        return false
    }

    private func waitForDatabase() async throws {
        let migrator = Migrator(directory: try self.settings.home.sql)
        let end = ContinuousClock.now + .seconds(30)
        while true {
            do {
                let pending = try await migrator.pending(on: self.pool)
                guard pending.isEmpty else {
                    throw ProcessFailure.configuration("\(pending.count) migrations are not applied: run `parley migrate`")
                }
                return try await self.checkMasterKey()
            } catch let error as PostgresError where error.isUnavailable && ContinuousClock.now < end {
                self.logger.warning("waiting for the database", metadata: ["error": "\(error.message)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// With the wrong key we would look well, and fail with every hook and every message.
    private func checkMasterKey() async throws {
        let opened = try await self.pool.transaction(in: .all) { [sealer] in try await OpenedChannels(of: $0, by: sealer) }
        if opened.isNone { throw ProcessFailure.configuration("the master key \(opened)") }
        guard !opened.isAll else { return }
        self.logger.warning("the master key does not open every channel", metadata: ["channels.shut": "\(opened.shut)"])
    }

    /// Runs services until the process is told to stop, or one of them fails; the last is stopped first. They have the grace time to finish
    /// what they began.
    func run(_ services: [any Service], until stop: StopRequest) async throws {
        if let doubt = self.settings.publicURLDoubt {
            let url = try self.settings.publicURL
            self.logger.warning("\(doubt)", metadata: ["public.url": "\(url)"])
        }
        var configuration = ServiceGroupConfiguration(services: services, logger: self.logger)
        configuration.maximumGracefulShutdownDuration = try self.settings.grace
        let group = ServiceGroup(configuration: configuration)
        await stop.attach(group)
        do { try await group.run() } catch {
            await self.close()
            throw error
        }
        await self.end()
    }

    private func end() async {
        await self.close()
        self.logger.notice("stopped")
    }

    private func close() async {
        self.listener.close()
        await self.pool.close()
    }
}

extension Logger {
    /// The log of `serve` and `work`: JSON lines.
    static func process(_ name: String, level: Logger.Level) -> Logger {
        Logger(label: "parley.\(name)") { LineLogHandler(label: $0, level: level, form: .json) }
    }
}
