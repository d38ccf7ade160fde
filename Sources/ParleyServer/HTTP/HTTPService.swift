import Foundation
package import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import Parley
import Postgres
import ServiceLifecycle

/// The HTTP listener: hands whole requests to the routes and turns whatever they throw into a problem.
package struct HTTPService: Service {
    private let address: (host: String, port: Int)
    private let routes: Routes
    private let limits: HTTPLimits
    private let drain: Duration
    private let logger: Logger
    private let telemetry: HTTPTelemetry
    private let streams: OpenStreams
    private let memory: MemoryBudget
    private let onStopping: @Sendable () -> Void
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - drain: how long the listener still answers after the order to stop, so that `/readyz` can say so first.
    ///   - onStopping: called at the order to stop, before anything else.
    ///   - onListening: called with the port once connections are accepted.
    package init(
        host: String,
        port: Int,
        routes: Routes,
        limits: HTTPLimits = HTTPLimits(),
        drain: Duration = .zero,
        metrics: Metrics,
        logger: Logger,
        onStopping: @escaping @Sendable () -> Void = {},
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.address = (host, port)
        self.routes = routes
        var limits = limits
        limits.upload = { routes.uploadLimit(target: $0) }
        self.limits = limits
        self.streams = OpenStreams(limit: limits.streams, heartbeat: limits.heartbeat, metrics: metrics, logger: logger)
        self.memory = MemoryBudget(bytes: limits.bodies)
        self.drain = drain
        self.logger = logger
        self.telemetry = HTTPTelemetry(metrics: metrics)
        self.onStopping = onStopping
        self.onListening = onListening
    }

    package func run() async throws {
        let server = Server(
            childChannelSetup: GuardedChannel(limits: self.limits) { request, writer, channel in
                let answer = await OpenStreams.$current.withValue(self.streams) { await self.respond(to: request, from: channel) }
                try await writer.write(response: answer.head, body: answer.body)
            },
            configuration: ServerConfiguration(
                address: .hostname(self.address.host, port: self.address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(self.limits.connections, logger: self.logger)
            ),
            onServerRunning: { [onListening] channel in await onListening(channel.localAddress?.port ?? 0) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: self.logger
        )
        // Detached from our own graceful shutdown, which would close the listener at once.
        let address = ListenAddress(host: self.address.host, port: self.address.port)
        let running = Task.detached {
            do { try await server.run() } catch { throw ListenFailure(error, at: address) ?? error }
        }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await running.value
            } onGracefulShutdown: { [drain, onStopping, streams] in
                onStopping()
                Task {
                    try? await Task.sleep(for: drain)
                    streams.close()
                    try await server.shutdownGracefully()
                }
            }
        } onCancel: {
            running.cancel()
        }
    }

    private func respond(to request: Request, from channel: any Channel) async -> Response {
        let started = ContinuousClock.now
        let id = UUID.requestID(at: Date())
        let (pattern, answer) = await self.answer(request, id: id, peer: channel.remoteAddress?.ipAddress ?? "")
        var response = answer
        response.headers[.requestID] = id
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.headers[.contentTypeOptions] = "nosniff"
        if request.method == .head { response = response.createHeadResponse() }
        let duration = ContinuousClock.now - started
        self.telemetry.answered(pattern: pattern, status: response.status.code, duration: duration)
        self.logger.debug(
            "request answered",
            metadata: [
                "request.id": "\(id)", "http.method": "\(request.method.rawValue)", "http.route": "\(pattern)",
                "http.status": "\(response.status.code)", "duration": "\(duration)",
            ]
        )
        return response
    }

    private func answer(_ request: Request, id: String, peer: String) async -> (pattern: String, Response) {
        let target = (request.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(target[0])
        func problem(_ problem: Problem) -> Response { .problem(problem, instance: path, requestID: id) }

        let match = self.routes.match(request.method, path)
        var incoming = IncomingRequest(
            id: id,
            method: request.method,
            authority: request.head.authority,
            path: path,
            query: target.count > 1 ? String(target[1]) : nil,
            headers: request.headers,
            peer: peer,
            at: Date()
        )
        if case .found(let route, let parameters) = match, let upload = route.upload {
            incoming.parameters = parameters
            do { try await upload.admit(incoming) } catch {
                return (route.pattern, problem((error as? Problem) ?? self.problem(of: error, id: id, pattern: route.pattern)))
            }
        }
        // The guard bounded the body, so it is whole or the connection is gone: nothing is refused here by size.
        let limit = self.limits.upload(path) ?? self.limits.body
        let body = BodyIntake(budget: self.memory)
        defer { body.release() }
        do { incoming.body = try await body.collect(request.body, upTo: limit) } catch {
            return ("", problem((error as? Problem) ?? .badRequest("No body.")))
        }
        let route: Routes.Route
        switch match {
        case .nothing: return ("none", problem(.notFound))
        case .wrongMethod(let allowed): return ("none", problem(.methodNotAllowed(allowed)))
        case .found(let found, let parameters):
            route = found
            incoming.parameters = parameters
        }
        do {
            return (route.pattern, try await route.handler(incoming))
        } catch let error as Problem {
            return (route.pattern, problem(error))
        } catch {
            return (route.pattern, problem(self.problem(of: error, id: id, pattern: route.pattern)))
        }
    }

    /// What our own failures look like from outside: nothing of them but whether it helps to try again.
    private func problem(of error: any Error, id: String, pattern: String) -> Problem {
        let metadata: Logger.Metadata = ["request.id": "\(id)", "http.route": "\(pattern)", "error": "\(error)"]
        if let error = error as? PostgresError, error.isUnavailable || error.isRetryable {
            self.logger.warning("database unavailable for a request", metadata: metadata)
            return .unavailable(
                error.code == .poolTimeout ? "pool_timeout" : "database_unavailable",
                isInDoubt: error.isCommitUnknown
            )
        }
        self.logger.error("request failed", metadata: metadata)
        return .internal
    }
}

extension UUID {
    /// Ids for requests sort by time, as all our ids do.
    static func requestID(at date: Date) -> String {
        var random = SystemRandomNumberGenerator()
        return UUID.version7(at: date, using: &random).uuidString.lowercased()
    }
}

extension HTTPField.Name {
    package static let requestID = Self("x-request-id")!
    package static let contentTypeOptions = Self("x-content-type-options")!
}
