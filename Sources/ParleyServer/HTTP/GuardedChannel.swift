import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Hummingbird's HTTP/1.1 connection with our guard before its decoder.
struct GuardedChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let base: HTTP1Channel
    private let limits: HTTPLimits

    init(limits: HTTPLimits, responder: @escaping HTTPChannelHandler.Responder) {
        self.base = HTTP1Channel(responder: responder)
        self.limits = limits
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        // The base builds its pipeline at once, on this event loop, so ours is complete before the first byte is read.
        let value = self.base.setup(channel: channel, logger: logger)
        do {
            let pipeline = channel.pipeline.syncOperations
            let wireGuard = WireGuard(limits: self.limits)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(ExchangeWatch(of: wireGuard), position: .after(decoder))
            try pipeline.addHandler(wireGuard, position: .first)
            return value
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func handle(value: Value, logger: Logger) async { await self.base.handle(value: value, logger: logger) }
}
