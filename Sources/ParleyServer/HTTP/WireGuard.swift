import Foundation
import NIOCore
import NIOHTTP1
import Parley

/// Stands before the HTTP decoder and judges one connection's raw bytes: limits, total deadlines, framing.
///
/// Lets one request through at a time; what a peer sends ahead waits here, so that a refusal never cuts into an answer.
final class WireGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum Phase { case idle, readingHead, readingBody, answering, refused }

    private let limits: HTTPLimits
    private var framing: RequestFraming
    private var phase = Phase.idle
    private var waiting = ByteBuffer()
    private var isInputClosed = false
    private var isHoldingRead = false
    private var hasAnswered = false  // the answer ended before the request did
    private var closesAfterAnswer = false
    private var unflushedWrites = 0

    private var readDeadline: NIODeadline?
    private var writeDeadline: NIODeadline?
    private var lingerDeadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var context: ChannelHandlerContext?

    init(limits: HTTPLimits) {
        self.limits = limits
        self.framing = RequestFraming(limits: limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.readDeadline = .now() + .init(self.limits.headerDeadline)
        self.rearm()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.stop() }

    func channelInactive(context: ChannelHandlerContext) {
        self.stop()
        context.fireChannelInactive()
    }

    private func stop() {
        self.timer?.task.cancel()
        self.timer = nil
        self.context = nil
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.phase != .refused else { return }  // lingering: the peer may still be writing, nobody listens
        var bytes = self.unwrapInboundIn(data)
        self.waiting.writeBuffer(&bytes)
        self.pump(context)
    }

    func read(context: ChannelHandlerContext) {
        if self.phase == .answering, self.waiting.readableBytes > 64 * 1024 { self.isHoldingRead = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        self.isInputClosed = true
        self.pump(context)
    }

    private func pump(_ context: ChannelHandlerContext) {
        while self.phase != .answering, self.phase != .refused, self.waiting.readableBytes > 0 {
            if self.phase == .idle { self.begin(.readingHead) }
            do throws(Problem) {
                let used = try self.framing.advance(over: self.waiting.readableBytesView)
                guard used > 0 else { break }
                if self.phase == .readingHead { self.headArrived(context) }
                let whole = self.framing.state == .complete
                if whole { self.begin(.answering) }
                context.fireChannelRead(self.wrapInboundOut(self.waiting.readSlice(length: used)!))
                if whole, self.hasAnswered { self.finishExchange() }
            } catch {
                self.refuse(error)
            }
        }
        if self.isInputClosed, self.phase != .answering { self.inputEnded(context) }
    }

    private func headArrived(_ context: ChannelHandlerContext) {
        self.closesAfterAnswer = self.framing.head.closes
        self.begin(.readingBody)
        if self.framing.head.expectsContinue, self.framing.state != .complete {
            let go = context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
            context.writeAndFlush(self.wrapOutboundOut(.byteBuffer(go)), promise: nil)
        }
    }

    private func inputEnded(_ context: ChannelHandlerContext) {
        switch self.phase {
        case .readingHead, .readingBody: self.refuse(.badRequest("The request ends before it is whole."))
        case .refused: context.close(promise: nil)  // the peer has heard us out
        case .idle, .answering: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    private func begin(_ phase: Phase) {
        self.phase = phase
        switch phase {
        case .idle: self.readDeadline = .now() + .init(self.limits.idle)
        case .readingHead:
            // The first request's deadline runs from the connection's start, a later one's from its first byte.
            self.readDeadline = min(self.readDeadline ?? .distantFuture, .now() + .init(self.limits.headerDeadline))
        case .readingBody:
            let limits = self.limits
            self.readDeadline = .now() + .init(self.framing.head.isUpload ? limits.uploadDeadline : limits.bodyDeadline)
        case .answering, .refused: self.readDeadline = nil
        }
        self.rearm()
    }

    // MARK: - Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.phase != .refused else {  // we have answered in the application's place
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        if self.unflushedWrites == 0 {
            self.writeDeadline = .now() + .init(self.limits.writeDeadline)
            self.rearm()
        }
        self.unflushedWrites += 1
        let promise = promise ?? context.eventLoop.makePromise()
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.unflushedWrites -= 1
            if self.unflushedWrites == 0 { self.writeDeadline = nil }
        }
        context.write(data, promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output, self.lingerDeadline == nil {
            self.lingerDeadline = .now() + .init(self.limits.linger)
            self.rearm()
        }
        context.close(mode: mode, promise: promise)
    }

    /// The application wrote the end of its answer.
    func answerEnded() {
        if self.phase == .answering { self.finishExchange() } else { self.hasAnswered = true }
    }

    /// The decoder gave up on bytes that we let through.
    func decodingFailed() { self.refuse(.badRequest("The request is malformed.")) }

    private func finishExchange() {
        guard let context = self.context else { return }
        guard !self.closesAfterAnswer else {
            self.begin(.refused)
            return self.closeSoftly(context)
        }
        self.framing.next()
        self.hasAnswered = false
        self.begin(.idle)
        if self.isHoldingRead {
            self.isHoldingRead = false
            context.read()
        }
        if self.waiting.readableBytes == 0 { self.waiting.clear(minimumCapacity: 0) }
        // Not from within the write that brought us here: the answer's end must reach the socket first.
        context.eventLoop.assumeIsolated().execute {
            guard let context = self.context else { return }
            self.pump(context)
            context.fireChannelReadComplete()
        }
    }

    private func refuse(_ problem: Problem) {
        guard let context = self.context, self.phase != .refused else { return }
        let answers = !self.hasAnswered && self.unflushedWrites == 0
        let path = self.framing.path(before: self.waiting.readableBytesView)
        self.begin(.refused)
        self.waiting.clear()
        if answers {
            let answer = context.channel.allocator.buffer(bytes: problem.closingAnswer(to: path))
            context.write(self.wrapOutboundOut(.byteBuffer(answer)), promise: nil)
        }
        self.closeSoftly(context)
    }

    /// Closes our side only and reads on for a moment: closing with unread input makes the kernel reset the connection and
    /// take our answer with it.
    private func closeSoftly(_ context: ChannelHandlerContext) {
        context.flush()
        self.close(context: context, mode: .output, promise: nil)
        if self.isInputClosed { context.close(promise: nil) } else { context.read() }
    }

    // MARK: - Deadlines

    /// Keeps one timer, at the earliest deadline; a deadline that moved away costs nothing until the timer finds out.
    private func rearm() {
        guard let context = self.context, let next = [self.readDeadline, self.writeDeadline, self.lingerDeadline].compactMap(\.self).min()
        else { return }
        if let timer = self.timer {
            guard next < timer.at else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.timerFired() }
        self.timer = (task, next)
    }

    private func timerFired() {
        self.timer = nil
        guard let context = self.context else { return }
        let now = NIODeadline.now()
        if let deadline = self.writeDeadline, deadline <= now { return context.close(promise: nil) }
        if let deadline = self.lingerDeadline, deadline <= now { return context.close(promise: nil) }
        guard let deadline = self.readDeadline, deadline <= now else { return self.rearm() }
        switch self.phase {
        case .readingHead, .readingBody: self.refuse(Problem(408, "request_timeout", "Request timeout"))
        case .idle: context.close(promise: nil)
        case .answering, .refused: break
        }
    }
}

extension Problem {
    /// The whole answer as bytes, for when no application may answer any more.
    fileprivate func closingAnswer(to path: String?) -> [UInt8] {
        let id = UUID.requestID(at: Date())
        let body = Array(self.json(instance: path, requestID: id).text.utf8)
        let reason = HTTPResponseStatus(statusCode: self.status).reasonPhrase
        let head = """
            HTTP/1.1 \(self.status) \(reason)\r
            content-type: application/problem+json\r
            content-length: \(body.count)\r
            x-request-id: \(id)\r
            connection: close\r
            \r

            """
        return Array(head.utf8) + body
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
