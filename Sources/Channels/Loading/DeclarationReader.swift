internal import Parley
internal import Yams

/// Reads one `adapter.yaml` into a `Declaration`, or into the list of everything that is wrong with it.
struct DeclarationReader {
    let file: YAMLFile
    let expressions: ExpressionCollector

    /// - Parameters:
    ///   - folder: the adapter's folder, which must bear its name.
    ///   - name: what diagnostics call the file.
    static func read(_ text: String, folder: String, name: String) -> (Declaration?, [Diagnostic]) {
        let file = YAMLFile(name: name, text: text)
        let reader = DeclarationReader(file: file, expressions: ExpressionCollector(file))
        let declaration = file.root(of: text).flatMap { reader.declaration(YAMLFields($0, in: file), folder: folder) }
        return (file.diagnostics.isEmpty ? declaration : nil, file.diagnostics.sorted())
    }

    private func declaration(_ fields: YAMLFields, folder: String) -> Declaration? {
        if let node = fields.optional("functions") { self.expressions.define(node) }
        let name = self.name(fields, folder: folder)
        let kind = self.kind(fields)
        let summary = fields.required("summary").flatMap { self.file.text($0) }
        let settings = fields.fields("settings").map { SettingsReader(file: self.file).schema($0) } ?? SettingsSchema(properties: [:])
        let capabilities = self.capabilities(fields)
        let limits = self.limits(fields)
        let verify = fields.optional("verify").map { VerificationReader(expressions: self.expressions, file: self.file).all($0, "verify") }
        let poll = fields.fields("poll").flatMap { self.poll($0) }
        let routes = self.routes(fields, verify: verify, isNeeded: poll == nil)
        let address = fields.optional("address").flatMap { self.expressions.add($0, "address") }
        let fetch = fields.fields("media").flatMap { self.fetch($0) }
        let outbound = self.outbound(fields)
        fields.finish()
        guard let set = self.expressions.compile(), let name, let kind, let summary, let capabilities, let limits else { return nil }
        return Declaration(
            name: name,
            kind: kind,
            summary: summary,
            settings: settings,
            capabilities: capabilities,
            limits: limits,
            address: address,
            routes: routes,
            poll: poll,
            fetch: fetch,
            outbound: outbound,
            expressions: set
        )
    }

    private func name(_ fields: YAMLFields, folder: String) -> AdapterName? {
        guard let node = fields.required("adapter"), let text = self.file.text(node) else { return nil }
        guard let name = AdapterName(rawValue: text) else {
            self.file.report(node, "an adapter's name holds 1 to 63 of a-z, 0-9 and '-'")
            return nil
        }
        if text != folder { self.file.report(node, "the adapter '\(text)' stands in the folder '\(folder)': they must have one name") }
        return name
    }

    private func kind(_ fields: YAMLFields) -> String? {
        guard let node = fields.required("kind"), let text = self.file.text(node) else { return nil }
        guard !text.isName else { return text }
        self.file.report(node, "a kind holds 1 to 63 of a-z, 0-9 and '-'")
        return nil
    }

    /// `{text: {encoding: gsm7, parts: 10}, media: {max_count: 10, max_bytes: 5000000}, buttons: text}`
    private func capabilities(_ fields: YAMLFields) -> Capabilities? {
        guard let node = fields.required("capabilities") else { return nil }
        let capabilities = YAMLFields(node, in: self.file)
        let text = capabilities.required("text").map { YAMLFields($0, in: self.file) }
        let encoding = text?.choice("encoding", of: Capabilities.TextEncoding.self) ?? .unicode
        let limit = text?.number(encoding == .gsm7 ? "parts" : "characters", in: 1...1_000_000)
        if let text, limit == nil { self.file.report(text.node, "'\(encoding == .gsm7 ? "parts" : "characters")' is missing") }
        text?.finish()
        let media = capabilities.fields("media")
        let count = media?.number("max_count", in: 0...1000) ?? 0
        let bytes = media?.number("max_bytes", in: 0...1e12) ?? 0
        media?.finish()
        let buttons = capabilities.choice("buttons", of: Capabilities.Buttons.self) ?? .text
        capabilities.finish()
        return Capabilities(
            textEncoding: encoding,
            textLimit: Int(limit ?? 1),
            mediaCount: Int(count),
            mediaBytes: Int64(bytes),
            buttons: buttons
        )
    }

    private func limits(_ fields: YAMLFields) -> SendLimits? {
        guard let node = fields.required("limits") else { return nil }
        let limits = YAMLFields(node, in: self.file)
        let perSecond = limits.number("per_second", in: 0.001...100_000)
        if perSecond == nil { self.file.report(node, "'per_second' is missing") }
        let perRecipient = limits.number("per_recipient_seconds", in: 0...86_400) ?? 0
        limits.finish()
        return SendLimits(perSecond: perSecond ?? 1, perRecipientSeconds: perRecipient)
    }

    private func outbound(_ fields: YAMLFields) -> Declaration.Outbound? {
        guard let outbound = fields.fields("outbound") else { return nil }
        let request = outbound.required("request").flatMap { self.expressions.add($0, "outbound.request") }
        let outcome = outbound.required("outcome").flatMap { self.expressions.add($0, "outbound.outcome") }
        let upload = outbound.optional("upload").map { self.steps($0, "outbound.upload", lastAnswers: true) } ?? []
        outbound.finish()
        guard let request, let outcome else { return nil }
        return Declaration.Outbound(upload: upload, request: request, outcome: outcome)
    }

    /// `{max_bytes: 16000000, fetch: [{request, answer}, …, {request}]}`
    private func fetch(_ fields: YAMLFields) -> Declaration.Fetch? {
        let limit = fields.number("max_bytes", in: 1...100_000_000) ?? 16_000_000
        let steps = fields.required("fetch").map { self.steps($0, "media.fetch", lastAnswers: false) }
        fields.finish()
        return steps.map { Declaration.Fetch(steps: $0, limit: Int(limit)) }
    }

    /// - Parameter lastAnswers: whether something is read of the last answer too.
    private func steps(_ node: Node, _ place: String, lastAnswers: Bool) -> [Declaration.Step] {
        let items = self.file.items(node)
        if !(1...10).contains(items.count) { self.file.report(node, "expected 1 to 10 steps") }
        return items.enumerated().compactMap { index, item in
            let fields = YAMLFields(item, in: self.file)
            let place = "\(place)[\(index)]"
            let request = fields.required("request").flatMap { self.expressions.add($0, "\(place).request") }
            let reads = lastAnswers || index < items.count - 1
            let answer = reads ? fields.required("answer").flatMap { self.expressions.add($0, "\(place).answer") } : nil
            fields.finish()
            return request.map { Declaration.Step(request: $0, answer: answer) }
        }
    }
}
