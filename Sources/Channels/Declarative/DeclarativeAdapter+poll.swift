internal import Parley

// MARK: - Asking

extension DeclarativeAdapter {
    var isPolled: Bool { self.declaration.poll != nil }

    func poll(after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> Poll? {
        guard let poll = self.declaration.poll else { return nil }
        let set = self.declaration.expressions
        let input: JSON = [
            "cursor": cursor ?? .null, "settings": .object(channel.settings), "channel": ["id": .string(channel.id.description)],
        ]
        let call = try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) -> HTTPCall? in
            let evaluation = Evaluation(of: set, over: input, on: thread)
            guard let result = try Self.mapped({ () throws(ExpressionFailure) in try evaluation.first(poll.request) }) else { return nil }
            do throws(ResultReader.Problem) { return try RequestReader.request(result, method: "GET") } catch {
                throw AdapterError(.badResult, "\(poll.request.place): \(error.detail)")
            }
        }
        return call.map { Poll(request: .http($0), interval: .seconds(poll.interval)) }
    }

    func read(_ answer: ProviderAnswer, after cursor: JSON?, for channel: ChannelContext) async throws(AdapterError) -> PollAnswer {
        guard let poll = self.declaration.poll else { return .failed(reason: "not_polled", after: nil) }
        let set = self.declaration.expressions
        var members = Self.input(answer, channel: channel).object ?? [:]
        members["cursor"] = cursor ?? .null
        let input = JSON.object(members)
        return try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            let evaluation = Evaluation(of: set, over: input, on: thread)
            do {
                guard let result = try evaluation.first(poll.answer) else { return .unread(answer.status, input) }
                return try PollAnswer(result)
            } catch let failure as ExpressionFailure {
                guard case .raised = failure else { throw failure.error }
                return .unread(answer.status, input)
            } catch {
                let detail = (error as? ResultReader.Problem)?.detail ?? "unreadable"
                throw AdapterError(.badResult, "\(poll.answer.place): \(detail)")
            }
        }
    }

    /// An answer to a poll, read as if the provider had called with it.
    func receive(polled request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Reception {
        guard let poll = self.declaration.poll else { return .notFound }
        let set = self.declaration.expressions
        return try await self.engine.run(for: self.owner(of: channel)) { thread throws(AdapterError) in
            guard case .read(let body) = RequestInput.body(of: request, kind: nil) else {
                return .quarantined(reason: "the body is not what its type says", HookAnswer())
            }
            let head = RequestInput.head(of: request, channel: channel)
            let evaluation = Evaluation(of: set, over: head, on: thread).adding(body)
            do throws(AdapterError) {
                guard let events = try self.events(of: poll.events, evaluation) else { return .tooLarge }
                return events.isEmpty ? .ignored(.nothing, HookAnswer()) : .accepted(events, HookAnswer())
            } catch {
                return try Self.quarantine(error)
            }
        }
    }
}

extension PollAnswer {
    /// `{cursor, more}` or `{failed: reason, after: seconds}`
    init(_ value: JSON) throws(ResultReader.Problem) {
        var reader = try ResultReader(value)
        if let reason = try reader.key("failed") {
            self = .failed(reason: reason, after: reader.value("after")?.double)
        } else {
            self = .read(cursor: reader.value("cursor"), isMore: try reader.flag("more"))
        }
        try reader.finish()
    }

    /// An answer that the file says nothing of brings nothing, whatever its status: the cursor must not pass what was not understood.
    fileprivate static func unread(_ status: Int, _ input: JSON) -> PollAnswer {
        .failed(reason: (200..<300).contains(status) ? OutcomeReader.badResponse : "http_\(status)", after: input["retry_after"]?.double)
    }
}
