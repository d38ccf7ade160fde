internal import Parley

// MARK: - Going out

extension DeclarativeAdapter {
    func render(_ message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> Rendering {
        guard let outbound = self.declaration.outbound else { throw AdapterError(.badResult, "\(self.name) only receives") }
        let degraded = Degraded(message.body, for: self.capabilities)
        let set = self.declaration.expressions
        let uploads = try Uploads(degraded.media, of: message, steps: outbound.upload.count)
        if let next = uploads.next, let call = try await self.step(uploads, of: message, for: channel) {
            var parts = [ProviderRequest](repeating: .later, count: uploads.count + degraded.texts.count)
            parts[message.steps.count] = .step(call, number: next.step)
            return Rendering(parts: parts, degradations: degraded.degradations)
        }
        let yields = uploads.yields
        let parts = try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            var parts = [ProviderRequest](repeating: .later, count: uploads.count)
            for (index, text) in degraded.texts.enumerated() {
                let input = Self.input(message, degraded, text: text, index: index, yields: yields, channel: channel)
                let evaluation = Evaluation(of: set, over: input, on: thread)
                let results = try Self.mapped { () throws(ExpressionFailure) in try evaluation.results(outbound.request, limit: 1) }
                do throws(ResultReader.Problem) { parts.append(.http(try RequestReader.request(results.first ?? nil))) } catch {
                    throw AdapterError(.badResult, "\(outbound.request.place): \(error.detail)")
                }
            }
            return parts
        }
        return Rendering(parts: parts, degradations: degraded.degradations)
    }

    /// What `outbound.request` sees of one part.
    private static func input(
        _ message: OutboundMessage,
        _ degraded: Degraded,
        text: String,
        index: Int,
        yields: [Int: JSON],
        channel: ChannelContext
    ) -> JSON {
        let media = (index == 0 ? degraded.media : []).enumerated().map { place, media -> JSON in
            [
                "uploaded": yields[place] ?? .null,
                "url": .string(media.url), "type": media.contentType.map { .string($0) } ?? .null,
                "name": media.filename.map { .string($0) } ?? .null, "size": media.size.map { .integer($0) } ?? .null,
            ]
        }
        let isLast = index == degraded.texts.count - 1
        let buttons = (isLast ? degraded.buttons : []).map { button -> JSON in
            [
                "title": .string(button.title), "value": button.value.map { .string($0) } ?? .null,
                "url": button.url.map { .string($0) } ?? .null,
            ]
        }
        return [
            "settings": .object(channel.settings),
            "channel": ["id": .string(channel.id.description), "hook_url": .string(channel.hookURL)],
            "part": ["number": .integer(index + 1), "count": .integer(degraded.texts.count)],
            "message": [
                "id": .string(message.id.description), "to": .string(message.to), "thread": message.thread.map { .string($0) } ?? .null,
                "in_reply_to": message.inReplyTo.map { .string($0) } ?? .null, "text": .string(text), "media": .array(media),
                "buttons": .array(buttons),
            ],
        ]
    }

    func judge(_ answer: ProviderAnswer, for channel: ChannelContext) async throws(AdapterError) -> SendOutcome {
        guard let outbound = self.declaration.outbound else { throw AdapterError(.badResult, "\(self.name) only receives") }
        let retryAfter = Self.retryAfter(answer)
        let set = self.declaration.expressions
        let secrets = self.secrets(of: channel)
        return try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            let evaluation = Evaluation(of: set, over: Self.input(answer, channel: channel), on: thread)
            do {
                guard let result = try evaluation.first(outbound.outcome) else {
                    return OutcomeReader.usual(answer.status, retryAfter: retryAfter)
                }
                return try OutcomeReader.outcome(result, secrets: secrets)
            } catch let failure as ExpressionFailure {
                // The request is out, so an answer that makes the expression stumble leaves the outcome open (F22).
                guard case .raised = failure else { throw failure.error }
                return .ambiguous(reason: OutcomeReader.badResponse)
            } catch {
                return .ambiguous(reason: OutcomeReader.badResponse)
            }
        }
    }

    /// What `outbound.outcome` sees of an answer; `json` is null when the body is none.
    static func input(_ answer: ProviderAnswer, channel: ChannelContext) -> JSON {
        [
            "status": .integer(answer.status), "headers": .object(answer.headers.mapValues { .string($0) }),
            "body": .string(String(decoding: answer.body, as: UTF8.self)), "json": (try? JSON(parsing: answer.body)) ?? .null,
            "retry_after": self.retryAfter(answer).flatMap { $0.isFinite ? .number("\($0)") : nil } ?? .null,
            "settings": .object(channel.settings),
        ]
    }

    static func retryAfter(_ answer: ProviderAnswer) -> Double? {
        answer.headers["retry-after"].flatMap { RetryAfter.seconds($0, at: answer.at) }
    }

    func secrets(of channel: ChannelContext) -> [String] {
        self.settings.properties.filter(\.value.isSecret).compactMap { channel.settings[$0.key]?.string }.filter { $0.count >= 4 }
    }

    func owner(of channel: ChannelContext, receiving: Bool = false) -> ExpressionOwner {
        ExpressionOwner(adapter: self.name.rawValue, channel: channel.id.description, isReceiving: receiving)
    }
}

// MARK: - Addresses

extension DeclarativeAdapter {
    func address(_ text: String, for channel: ChannelContext) async -> Address? {
        guard let expression = self.declaration.address else { return self.usualAddress(text, for: channel) }
        let (set, kind) = (self.declaration.expressions, self.kind)
        let input: JSON = ["text": .string(text), "settings": .object(channel.settings)]
        return try? await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) -> Address? in
            guard let result = try? Evaluation(of: set, over: input, on: thread).first(expression) else { return nil }
            guard let value = result.string ?? result["value"]?.string, !value.isEmpty, value.utf8.count <= ResultReader.maxKey else {
                return nil
            }
            return Address(space: AddressSpace(rawValue: result["space"]?.string ?? kind), value: value)
        }
    }

    /// A telephone number where the kind is `sms` (the setting `default_region` is where one without a country is dialled); the text elsewhere.
    private func usualAddress(_ text: String, for channel: ChannelContext) -> Address? {
        let space = AddressSpace(rawValue: self.kind)
        if self.kind == "sms" {
            let region = channel.settings["default_region"]?.string
            return PhoneNumber(text, region: region).map { Address(space: space, value: $0.rawValue) }
        }
        let isPlausible = (1...ResultReader.maxKey).contains(text.utf8.count) && !text.unicodeScalars.contains { $0.value < 0x20 }
        return isPlausible ? Address(space: space, value: text) : nil
    }
}
