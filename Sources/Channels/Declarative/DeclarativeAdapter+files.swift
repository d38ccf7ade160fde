internal import Parley

// MARK: - Files coming in

extension DeclarativeAdapter {
    var fetchesMedia: Bool { self.declaration.fetch != nil }
    var fetchLimit: Int { self.declaration.fetch?.limit ?? 0 }

    func mediaStep(
        _ number: Int,
        to media: Media,
        previous: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> MediaStep {
        guard let steps = self.declaration.fetch?.steps, steps.indices.contains(number) else {
            throw AdapterError(.badResult, "\(self.name) has no such step")
        }
        let input = Self.input(media, for: channel, ["previous": previous ?? .null])
        let call = try await self.call(steps[number].request, over: input, method: "GET", for: channel)
        return MediaStep(call: call, isLast: number == steps.count - 1)
    }

    func read(
        _ answer: ProviderAnswer,
        ofMediaStep number: Int,
        to media: Media,
        for channel: ChannelContext
    ) async throws(AdapterError) -> JSON? {
        guard let steps = self.declaration.fetch?.steps, steps.indices.contains(number), let expression = steps[number].answer else {
            throw AdapterError(.badResult, "\(self.name) has no such step")
        }
        let set = self.declaration.expressions
        let input = Self.input(media, for: channel, Self.input(answer, channel: channel).object ?? [:])
        return try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            try Self.mapped { () throws(ExpressionFailure) in try Evaluation(of: set, over: input, on: thread).first(expression) }
        }
    }

    /// What a step on the way to a file sees.
    private static func input(_ media: Media, for channel: ChannelContext, _ more: [String: JSON]) -> JSON {
        let known: [String: JSON] = [
            "media": [
                "ref": media.reference.map { .string($0) } ?? .null, "type": media.contentType.map { .string($0) } ?? .null,
                "name": media.filename.map { .string($0) } ?? .null, "size": media.size.map { .integer($0) } ?? .null,
            ],
            "settings": .object(channel.settings),
        ]
        return .object(known.merging(more) { $1 })
    }

    /// - Parameter method: when the result names none.
    func call(
        _ expression: Expression,
        over input: JSON,
        method: String = "POST",
        file: AttachmentFile? = nil,
        for channel: ChannelContext
    ) async throws(AdapterError) -> HTTPCall {
        let set = self.declaration.expressions
        return try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            let evaluation = Evaluation(of: set, over: input, on: thread)
            let results = try Self.mapped { () throws(ExpressionFailure) in try evaluation.results(expression, limit: 1) }
            do throws(ResultReader.Problem) {
                return try RequestReader.request(results.first ?? nil, method: method, file: file)
            } catch {
                throw AdapterError(.badResult, "\(expression.place): \(error.detail)")
            }
        }
    }
}

// MARK: - Files going out

extension DeclarativeAdapter {
    var fileBytes: Int { self.declaration.outbound?.upload.isEmpty == false ? 50_000_000 : 0 }

    /// The step that is next of those that come before the message; nil when all are done.
    func step(_ uploads: Uploads, of message: OutboundMessage, for channel: ChannelContext) async throws(AdapterError) -> HTTPCall? {
        guard let next = uploads.next, let step = self.declaration.outbound?.upload[next.step] else { return nil }
        let media = uploads.media[next.file]
        let input: JSON = [
            "file": [
                "type": .string(next.bytes.contentType), "name": .string(media.filename ?? next.bytes.filename ?? "file"),
                "size": .integer(next.bytes.bytes.count),
            ],
            "previous": next.step == 0 ? .null : message.steps.last ?? .null,
            "message": ["to": .string(message.to), "thread": message.thread.map { .string($0) } ?? .null],
            "settings": .object(channel.settings),
        ]
        return try await self.call(step.request, over: input, file: next.bytes, for: channel)
    }

    func judge(
        _ answer: ProviderAnswer,
        ofStep number: Int,
        previous: JSON?,
        for channel: ChannelContext
    ) async throws(AdapterError) -> StepOutcome {
        guard let steps = self.declaration.outbound?.upload, steps.indices.contains(number), let expression = steps[number].answer else {
            throw AdapterError(.badResult, "\(self.name) has no such step")
        }
        let set = self.declaration.expressions
        let secrets = self.secrets(of: channel)
        var members = Self.input(answer, channel: channel).object ?? [:]
        members["previous"] = number == 0 ? .null : previous ?? .null
        let input = JSON.object(members)
        let usual = StepOutcome.failed(OutcomeReader.usual(answer.status, retryAfter: Self.retryAfter(answer)))
        return try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            do {
                guard let result = try Evaluation(of: set, over: input, on: thread).first(expression) else { return usual }
                if let value = result["done"], value != .null { return .done(value) }
                return .failed(try OutcomeReader.outcome(result, secrets: secrets))
            } catch let failure as ExpressionFailure {
                guard case .raised = failure else { throw failure.error }
                return usual
            } catch {
                return .failed(.retry(reason: .failing, after: nil))
            }
        }
    }
}
