import NIOCore
import NIOHTTP1

/// Sits behind the HTTP codec and tells the guard before it what only parsed messages show: that an answer ended, that the decoder failed.
final class ExchangeWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let wireGuard: WireGuard

    init(of wireGuard: WireGuard) { self.wireGuard = wireGuard }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = self.unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        context.write(data, promise: promise)
        self.wireGuard.answerEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { self.wireGuard.decodingFailed() } else { context.fireErrorCaught(error) }
    }
}
