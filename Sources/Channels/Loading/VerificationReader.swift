internal import Parley
internal import Yams

/// Reads `verify`: `none`, one scheme, or a list of which one must verify.
struct VerificationReader {
    let expressions: ExpressionCollector
    let file: YAMLFile

    private enum Name: String, CaseIterable { case hmac, ed25519, rsa, token, basic, bearer, jwt }

    func all(_ node: Node, _ place: String) -> [Verification] {
        if case .scalar(let scalar) = node, scalar.string == "none" {
            return [Verification(scheme: .none, tolerance: 0, readsBody: false)]
        }
        let items = self.file.items(node)
        if items.isEmpty { self.file.report(node, "an empty list verifies nothing") }
        return items.enumerated().compactMap {
            self.one(YAMLFields($0.element, in: self.file), items.count > 1 ? "\(place)[\($0.offset)]" : place)
        }
    }

    private func one(_ fields: YAMLFields, _ place: String) -> Verification? {
        let first = self.expressions.expressions.count
        let when = self.expression("when", fields, place)
        let require = self.expression("require", fields, place)
        let timestamp = self.expression("timestamp", fields, place)
        let tolerance = fields.number("tolerance", in: 1...86_400) ?? 300
        let schemes = Name.allCases.compactMap { name in fields.optional(name.rawValue).map { (name, $0) } }
        fields.finish()
        guard schemes.count == 1, let (name, node) = schemes.first else {
            self.file.report(fields.node, "exactly one of \(Name.allCases.map(\.rawValue).joined(separator: ", ")) is needed")
            return nil
        }
        guard let scheme = self.scheme(name, YAMLFields(node, in: self.file), "\(place).\(name.rawValue)") else { return nil }
        return Verification(
            when: when,
            scheme: scheme,
            require: require,
            timestamp: timestamp,
            tolerance: tolerance,
            readsBody: self.expressions.expressions[first...].contains(where: \.readsBody)
        )
    }

    private func scheme(_ name: Name, _ fields: YAMLFields, _ place: String) -> Verification.Scheme? {
        defer { fields.finish() }
        switch name {
        case .hmac:
            let hash = fields.choice("hash", of: Crypto.Hash.self) ?? .sha256
            return self.signed(fields, place).map { .hmac(hash, $0) }
        case .ed25519: return self.signed(fields, place, keyEncoding: .hex).map { .ed25519($0) }
        case .rsa:
            let hash = fields.choice("hash", of: Crypto.Hash.self) ?? .sha256
            return self.signed(fields, place).map { .rsa(hash, $0) }
        case .token:
            let (given, expected) = (self.needed("given", fields, place), self.needed("expected", fields, place))
            guard let given, let expected else { return nil }
            return .token(given: given, expected: expected)
        case .basic:
            guard let username = self.needed("username", fields, place), let password = self.needed("password", fields, place) else {
                return nil
            }
            return .basic(username: username, password: password)
        case .bearer:
            guard let expected = self.needed("token", fields, place) else { return nil }
            return .bearer(expected: expected)
        case .jwt: return self.jwt(fields, place).map { .jwt($0) }
        }
    }

    private func signed(_ fields: YAMLFields, _ place: String, keyEncoding: Verification.Encoding = .text) -> Verification.SignedMessage? {
        let key = self.needed("key", fields, place)
        let keyEncoding = fields.choice("key_encoding", of: Verification.Encoding.self) ?? keyEncoding
        let over = fields.required("over").map {
            self.file.items($0).enumerated().compactMap { self.piece($0.element, "\(place).over[\($0.offset)]") }
        }
        let given = self.needed("given", fields, place)
        let encoding = fields.choice("encoding", of: Verification.Encoding.self) ?? .hex
        let prefix = fields.text("prefix") ?? ""
        guard let key, let over, let given else { return nil }
        return .init(key: key, keyEncoding: keyEncoding, over: over, given: given, encoding: encoding, prefix: prefix)
    }

    /// `body`: its bytes as they came; `{sha256: body}`: the digest of these, raw; anything else: an expression that yields text.
    private func piece(_ node: Node, _ place: String) -> Verification.Piece? {
        if node.string == "body" { return .body }
        guard case .mapping(let mapping) = node else { return self.expressions.add(node, place).map { .text($0) } }
        guard mapping.count == 1, let (key, value) = mapping.first, let hash = self.file.choice(key, of: Crypto.Hash.self),
            value.string == "body"
        else {
            self.file.report(node, "expected 'body', '{HASH: body}' or an expression")
            return nil
        }
        return .digest(hash)
    }

    private func jwt(_ fields: YAMLFields, _ place: String) -> Verification.JWTScheme? {
        let algorithms = fields.required("algorithms").map {
            self.file.items($0).compactMap { self.file.choice($0, of: JWT.Algorithm.self) }
        }
        let key = self.needed("key", fields, place)
        let keyEncoding = fields.choice("key_encoding", of: Verification.Encoding.self) ?? .text
        let given = self.needed("given", fields, place)
        let prefix = fields.text("prefix") ?? ""
        let claims = self.expression("claims", fields, place)
        let maxAge = fields.number("max_age", in: 1...86_400)
        guard let algorithms, let key, let given else { return nil }
        // A public key is no secret: were it also tried as one, anybody could sign with it.
        if Set(algorithms.map(\.rawValue.first)).count > 1 { self.file.report(fields.node, "one key serves one family of algorithms") }
        return .init(
            algorithms: algorithms,
            key: key,
            keyEncoding: keyEncoding,
            given: given,
            prefix: prefix,
            claims: claims,
            maxAge: maxAge
        )
    }

    private func expression(_ name: String, _ fields: YAMLFields, _ place: String) -> Expression? {
        fields.optional(name).flatMap { self.expressions.add($0, "\(place).\(name)") }
    }

    private func needed(_ name: String, _ fields: YAMLFields, _ place: String) -> Expression? {
        fields.required(name).flatMap { self.expressions.add($0, "\(place).\(name)") }
    }
}
