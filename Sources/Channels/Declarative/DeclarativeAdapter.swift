internal import Parley

/// An adapter that is a file.
struct DeclarativeAdapter: Adapter {
    /// Events that one request may carry (B72).
    static let maxEvents = 1000

    let declaration: Declaration
    let engine: ExpressionEngine

    var name: AdapterName { self.declaration.name }
    var kind: String { self.declaration.kind }
    var summary: String { self.declaration.summary }
    var settings: SettingsSchema { self.declaration.settings }
    var capabilities: Capabilities { self.declaration.capabilities }
    var limits: SendLimits { self.declaration.limits }

    func matches(_ text: String, _ pattern: String) async -> Bool? {
        // Nobody's channel: who saves a setting that takes too long stops no message.
        try? await self.engine.matches(text, pattern, for: ExpressionOwner(adapter: self.name.rawValue, channel: ""))
    }
}

// MARK: - Coming in

extension DeclarativeAdapter {
    func receive(_ request: HookRequest, for channel: ChannelContext) async throws(AdapterError) -> Received {
        if request.isPolled { return Received(try await self.receive(polled: request, for: channel)) }
        let routes = self.declaration.routes
        guard let route = request.route.map({ name in routes.first { $0.name == name } }) ?? routes.first else {
            return Received(.notFound)
        }
        guard route.methods.contains(request.method) else { return Received(.methodNotAllowed(route.methods)) }
        let set = self.declaration.expressions
        return try await self.engine.run(for: self.owner(of: channel, receiving: true)) { thread throws(AdapterError) in
            let head = Evaluation(of: set, over: RequestInput.head(of: request, channel: channel), on: thread)
            var verdict: Verifier.Verdict? = channel.verification == .off ? .verified : nil
            // Whoever signed nothing must not make us read megabytes, where the bytes alone tell.
            if verdict == nil, !route.verify.contains(where: \.readsBody) {
                verdict = try Verifier(request: request, evaluation: head).judge(route.verify)
            }
            if channel.verification == .enforce, case .refused(let code, let detail)? = verdict {
                return Received(.refused(code: code, detail: detail))
            }
            let body: [String: JSON]?
            switch RequestInput.body(of: request, kind: route.body) {
            case .tooLarge: return Received(.tooLarge)
            case .malformed: body = nil
            case .read(let members): body = members
            }
            let evaluation = body.map { head.adding($0) } ?? head
            if verdict == nil { verdict = try Verifier(request: request, evaluation: evaluation).judge(route.verify) }
            var received = Received(.quarantined(reason: "the body is not what its type says", HookAnswer()))
            if case .refused(let code, let detail) = verdict ?? .unsigned {
                guard channel.verification == .shadow else { return Received(.refused(code: code, detail: detail)) }
                received.wouldRefuse = code
            }
            if body != nil { received.reception = try self.reception(by: route, evaluation) }
            return received
        }
    }

    private func reception(by route: Declaration.Route, _ evaluation: Evaluation) throws(AdapterError) -> Reception {
        do {
            if let handshake = route.handshake,
                let answer = try Self.mapped({ () throws(ExpressionFailure) in try evaluation.first(handshake) })
            {
                return .answered(try AnswerReader.answer(answer, of: handshake))
            }
            guard let events = try self.events(of: route.events, evaluation) else { return .tooLarge }
            let answer = try self.answer(of: route, evaluation)
            return events.isEmpty ? .ignored(.nothing, answer) : .accepted(events, answer)
        } catch {
            return try Self.quarantine(error)
        }
    }

    /// What took too long may do better at another moment; what the adapter cannot read is kept for an operator, as the same bytes would fail
    /// again and the provider would send them for ever (B70).
    static func quarantine(_ error: AdapterError) throws(AdapterError) -> Reception {
        switch error.code {
        case .budgetExceeded: throw error
        case .badExpression, .badResult, .resultTooLarge: return .quarantined(reason: error.detail, HookAnswer())
        }
    }

    /// Nil when there are more than may be.
    func events(
        of expressions: [(kind: Declaration.EventKind, expression: Expression)],
        _ evaluation: Evaluation
    ) throws(AdapterError) -> [InboundEvent]? {
        let reader = EventReader(kind: self.kind)
        var events: [InboundEvent] = []
        for (kind, expression) in expressions {
            let results: [JSON]
            do {
                results = try evaluation.results(expression, limit: Self.maxEvents - events.count)
            } catch .tooMany {
                return nil
            } catch {
                throw error.error
            }
            for result in results where result != .null {
                do throws(ResultReader.Problem) { events.append(try reader.event(kind, from: result)) } catch {
                    throw AdapterError(.badResult, "\(expression.place): \(error.detail)")
                }
            }
        }
        return events
    }

    private func answer(of route: Declaration.Route, _ evaluation: Evaluation) throws(AdapterError) -> HookAnswer {
        switch route.answer {
        case .fixed(let answer): return answer
        case .computed(let expression):
            let result = try Self.mapped { () throws(ExpressionFailure) in try evaluation.first(expression) }
            return try result.map { value throws(AdapterError) in try AnswerReader.answer(value, of: expression) } ?? HookAnswer()
        }
    }

    static func mapped<Value>(_ body: () throws(ExpressionFailure) -> Value) throws(AdapterError) -> Value {
        do { return try body() } catch { throw error.error }
    }
}
