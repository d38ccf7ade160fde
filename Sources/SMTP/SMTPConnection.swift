import Parley
import Logging
import NIOCore
import NIOSSL

/// Carries out what a session wants, on its connection.
///
/// It reads only while the session can use what comes and the client takes what we say: a client that sends without reading is
/// not read from.
final class SMTPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The event that makes a session finish.
    struct Stop: Sendable {}

    /// What all connections of a server share.
    struct Shared: Sendable {
        var settings: SMTPSettings
        var receiver: any MailReceiver
        var certificate: CertificateFiles?
        var budget: MemoryBudget
        var sessions: Sessions
        var observe: @Sendable (SMTPEvent) -> Void
        var logger: Logger
    }
    private let shared: Shared
    private var session: SMTPSession
    private var context: ChannelHandlerContext?
    private var isAdmitted = false
    private var isInputClosed = false
    private var deadline: (wait: SMTPSession.Wait, task: Scheduled<Void>?) = (.nothing, nil)
    private var writeDeadline: Scheduled<Void>?
    private var pendingWrites = 0

    init(_ shared: Shared, address: String) {
        self.shared = shared
        self.session = SMTPSession(
            settings: shared.settings,
            client: SMTPPeer(address: address),
            offersTLS: shared.certificate != nil,
            budget: shared.budget
        )
    }

    // MARK: - What the connection says

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { self.begin(context) }

    private func begin(_ context: ChannelHandlerContext) {
        guard !self.isAdmitted else { return }
        if let refusal = self.shared.sessions.admit(context.channel, from: self.session.client.address) {
            self.shared.observe(.turnedAway)
            self.write(refusal.text, context)
            context.close(promise: nil)
            return
        }
        self.isAdmitted = true
        self.shared.observe(.began)
        self.perform(self.session.connected())
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.session.ended()
        self.deadline.task?.cancel()
        self.writeDeadline?.cancel()
        if self.isAdmitted {
            self.shared.sessions.leave(context.channel, from: self.session.client.address)
            self.shared.observe(.ended)
        }
        self.isAdmitted = false
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.perform(self.session.received(self.unwrapInboundIn(data).readableBytesView), mayRead: false)
    }

    func channelReadComplete(context: ChannelHandlerContext) { self.readOn(context) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.readOn(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is Stop: self.perform(self.session.stop())
        case ChannelEvent.inputClosed:
            // What it said before may still be answered.
            self.isInputClosed = true
            self.readOn(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.shared.logger.debug("session broke", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: - What the session wants

    private func perform(_ actions: [SMTPSession.Action], mayRead: Bool = true) {
        guard let context else { return }
        var replies = ""
        for action in actions {
            switch action {
            case .reply(let reply):
                replies += reply.text
                self.shared.observe(.replied(code: reply.code))
            case .judge(let recipient, let sender):
                let client = self.session.client
                self.ask({ await $0.accept(recipient: recipient, from: sender, client: client) }, then: { $0.judged($1) })
            case .deliver(let envelope, let message):
                self.ask({ await $0.deliver(envelope, message) }, then: { $0.delivered($1) })
            case .authenticate(let user, let password):
                self.ask({ await $0.authenticate(user: user, password: password) }, then: { $0.authenticated($1) })
            case .pause(let duration):
                self.after(duration) { $0.perform($0.session.pauseEnded()) }
            case .startTLS:
                self.write(replies, context)
                replies = ""
                self.startTLS(context)
            case .close:
                self.write(replies, context)
                return context.close(promise: nil)
            }
        }
        self.write(replies, context)
        self.renewDeadline()
        if mayRead { self.readOn(context) }
    }

    /// Asks the receiver, away from the event loop, and goes on with its answer.
    private func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (any MailReceiver) async -> Answer,
        then: @escaping @Sendable (inout SMTPSession, Answer) -> [SMTPSession.Action]
    ) {
        guard let loop = self.context?.eventLoop else { return }
        let myself = NIOLoopBound(self, eventLoop: loop)
        Task { [receiver = self.shared.receiver] in
            let answer = await question(receiver)
            loop.execute { myself.value.perform(then(&myself.value.session, answer)) }
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        guard let certificate = self.shared.certificate else { return context.close(promise: nil) }
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificate.context), position: .first)
            self.session.encrypted()
            self.shared.observe(.encrypted)
        } catch { self.errorCaught(context: context, error: error) }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard self.session.wait != .nothing, context.channel.isActive else { return }
        if self.isInputClosed { return context.close(promise: nil) }
        if context.channel.isWritable { context.read() }
    }

    // MARK: - Writing, and patience

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        guard !text.isEmpty else { return }
        self.pendingWrites += 1
        if self.writeDeadline == nil {
            self.writeDeadline = self.after(self.shared.settings.limits.write) { $0.context?.close(promise: nil) }
        }
        let myself = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(self.wrapOutboundOut(context.channel.allocator.buffer(string: text))).whenComplete { _ in
            let connection = myself.value
            connection.pendingWrites -= 1
            guard connection.pendingWrites == 0 else { return }
            connection.writeDeadline?.cancel()
            connection.writeDeadline = nil
        }
    }

    private func renewDeadline() {
        let wait = self.session.wait
        guard wait != self.deadline.wait else { return }
        self.deadline.task?.cancel()
        let task = self.session.patience(wait).flatMap { patience in self.after(patience) { $0.perform($0.session.timedOut()) } }
        self.deadline = (wait, task)
    }

    @discardableResult private func after(_ duration: Duration, _ body: @escaping @Sendable (SMTPConnection) -> Void) -> Scheduled<Void>? {
        guard let loop = self.context?.eventLoop else { return nil }
        let myself = NIOLoopBound(self, eventLoop: loop)
        return loop.scheduleTask(in: TimeAmount(duration)) { body(myself.value) }
    }
}
