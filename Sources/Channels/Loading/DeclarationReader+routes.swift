internal import Parley
internal import Yams

extension DeclarationReader {
    private static let methods: Set<String> = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    /// - Parameters:
    ///   - verify: the adapter's own `verify`, for routes that say nothing else.
    ///   - isNeeded: whether there must be one; an adapter that polls can do without.
    func routes(_ fields: YAMLFields, verify: [Verification]?, isNeeded: Bool) -> [Declaration.Route] {
        guard let node = isNeeded ? fields.required("routes") : fields.optional("routes") else { return [] }
        let routes = YAMLFields(node, in: self.file)
        let read = routes.names.compactMap { name -> Declaration.Route? in
            guard let node = routes.required(name) else { return nil }
            if !name.isName { self.file.report(node, "a route's name holds 1 to 63 of a-z, 0-9 and '-'") }
            return self.route(YAMLFields(node, in: self.file), name: name, verify: verify)
        }
        routes.finish()
        return read
    }

    private func route(_ fields: YAMLFields, name: String, verify: [Verification]?) -> Declaration.Route {
        let place = "routes.\(name)"
        let methods = fields.optional("methods").map { self.methods($0) } ?? ["POST"]
        let own = fields.optional("verify").map {
            VerificationReader(expressions: self.expressions, file: self.file).all($0, "\(place).verify")
        }
        if own == nil, verify == nil { self.file.report(fields.node, "'verify' is missing; 'verify: none' if the provider offers nothing") }
        let body = fields.choice("body", of: Declaration.BodyKind.self)
        let handshake = fields.optional("handshake").flatMap { self.expressions.add($0, "\(place).handshake") }
        let events = self.events(fields, place)
        let answer = fields.optional("answer").map { self.answer($0, "\(place).answer") } ?? .fixed(HookAnswer())
        fields.finish()
        return Declaration.Route(
            name: name,
            methods: methods,
            verify: own ?? verify ?? [],
            body: body,
            handshake: handshake,
            events: events,
            answer: answer
        )
    }

    /// What a request, or an answer to a poll, may bring.
    func events(_ fields: YAMLFields, _ place: String) -> [(kind: Declaration.EventKind, expression: Expression)] {
        Declaration.EventKind.allCases.compactMap { kind in
            fields.optional(kind.rawValue).flatMap { self.expressions.add($0, "\(place).\(kind.rawValue)") }.map { (kind, $0) }
        }
    }

    func poll(_ fields: YAMLFields) -> Declaration.Poll? {
        let interval = fields.number("every", in: 0.1...86_400)
        if interval == nil { self.file.report(fields.node, "'every' is missing") }
        let request = fields.required("request").flatMap { self.expressions.add($0, "poll.request") }
        let answer = fields.required("answer").flatMap { self.expressions.add($0, "poll.answer") }
        let events = self.events(fields, "poll")
        fields.finish()
        guard let interval, let request, let answer else { return nil }
        return Declaration.Poll(interval: interval, request: request, answer: answer, events: events)
    }

    private func methods(_ node: Node) -> [String] {
        self.file.items(node).compactMap { item in
            guard let method = self.file.text(item) else { return nil }
            if Self.methods.contains(method) { return method }
            self.file.report(item, "unknown method '\(method)'; one of \(Self.methods.sorted().joined(separator: ", "))")
            return nil
        }
    }

    /// `{status: 200, type: text/xml, body: "<Response/>"}`, or an expression that yields such an object.
    private func answer(_ node: Node, _ place: String) -> Declaration.Answer {
        if case .scalar = node { return self.expressions.add(node, place).map { .computed($0) } ?? .fixed(HookAnswer()) }
        let fields = YAMLFields(node, in: self.file)
        let status = fields.number("status", in: 200...299) ?? 200
        let type = fields.text("type")
        let body = fields.text("body") ?? ""
        fields.finish()
        return .fixed(HookAnswer(status: Int(status), headers: type.map { ["content-type": $0] } ?? [:], body: body))
    }
}
