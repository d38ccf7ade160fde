internal import Foundation
internal import Parley
internal import Yams

/// One recorded exchange with a provider, and what must come of it.
///
///     settings: {…}                        # of the channel, for all cases of the file
///     hook_url: https://bridge.example/hooks/1
///     cases:
///       - case: a text message
///         request: {route: status, method: POST, url: …, headers: {…}, body: … | form: {…} | json: …, at: 1772442000}
///         expect: {messages: [{id: SM1, text: hi}]}      # or receipts, edits, deletions, interactions, ignored, refused, answer, quarantined
///       - case: an answer with a picture
///         send: {to: "+15005550123", text: hi, thread: …, media: [{url: …}], buttons: [{title: Yes}]}
///         expect: {requests: [{url: …, form: {To: …}}], degradations: []}
///       - case: too fast
///         outcome: {status: 429, headers: {retry-after: "5"}, json: {code: 20429}}
///         expect: {outcome: {retry: throttled, after: 5}}
///
///       - case: what is new
///         poll: {cursor: 7}
///         expect: {request: {url: …}}
///       - case: two messages
///         polled: {cursor: 7, json: {ok: true, result: […]}}
///         expect: {cursor: 9, more: false, messages: […]}         # or failed, after
///       - case: where a file is, and what it says of it
///         fetch: {ref: F1, step: 0, previous: …}
///         expect: {request: {url: …}, last: false}
///       - case: the file's URL
///         fetched: {ref: F1, step: 0, json: {url: …}}
///         expect: {yields: {url: …}}                              # or null: no such file
///       - case: an upload went well; a file to send is a media with `file`, the text it holds, and `steps` is what was done before
///         uploaded: {step: 0, previous: …, json: {id: "7"}}
///         expect: {done: "7"}                                     # or an outcome
///
/// What `expect` does not mention is not compared. `unsigned: true` leaves the signature of a request unchecked.
struct AdapterCase: Sendable {
    enum Stimulus: Sendable {
        case request(HookRequest)
        case send(OutboundMessage)
        case outcome(ProviderAnswer)
        /// Where the last answer ended.
        case poll(cursor: JSON?)
        case polled(ProviderAnswer, cursor: JSON?)
        /// A request on the way to a file, and an answer on it.
        case fetch(Media, step: Int, previous: JSON?)
        case fetched(ProviderAnswer, Media, step: Int)
        /// An answer to a request before the message.
        case uploaded(ProviderAnswer, step: Int, previous: JSON?)
    }

    var name: String
    var line: Int
    var stimulus: Stimulus
    var isUnsigned: Bool
    var expected: JSON

    /// The settings of a file of cases and its cases, or everything that is wrong with it.
    static func read(_ text: String, name: String) -> (
        settings: [String: JSON], hookURL: String, cases: [AdapterCase], problems: [Diagnostic]
    ) {
        let file = YAMLFile(name: name, text: text)
        guard let root = file.root(of: text) else { return ([:], "", [], file.diagnostics.sorted()) }
        let fields = YAMLFields(root, in: file)
        let settings = fields.optional("settings").flatMap { file.json($0).object } ?? [:]
        let hookURL = fields.text("hook_url") ?? "https://bridge.example/hooks/1"
        let items = fields.required("cases").map { file.items($0) } ?? []
        fields.finish()
        let cases = items.compactMap { Self.read(YAMLFields($0, in: file), hookURL: hookURL) }
        return (settings, hookURL, cases, file.diagnostics.sorted())
    }

    private static func read(_ fields: YAMLFields, hookURL: String) -> AdapterCase? {
        let name = fields.text("case") ?? "a case without a name"
        let expected = fields.required("expect").map { fields.file.json($0) }
        let isUnsigned = fields.flag("unsigned") ?? false
        let request = fields.fields("request").map { Stimulus.request(self.request($0, hookURL: hookURL)) }
        let send = fields.fields("send").map { Stimulus.send(self.message($0)) }
        let outcome = fields.fields("outcome").map { Stimulus.outcome(self.answer($0)) }
        let poll = fields.fields("poll").map { fields in
            let cursor = self.cursor(fields)
            fields.finish()
            return Stimulus.poll(cursor: cursor)
        }
        let polled = fields.fields("polled").map { fields in
            let cursor = self.cursor(fields)
            return Stimulus.polled(self.answer(fields), cursor: cursor)
        }
        let file = self.fileStimulus(fields)
        fields.finish()
        guard let stimulus = request ?? send ?? outcome ?? poll ?? polled ?? file, let expected else {
            let words = "'request', 'send', 'outcome', 'poll', 'polled', 'fetch', 'fetched' and 'uploaded'"
            fields.file.report(fields.node, "a case has one of \(words), and 'expect'")
            return nil
        }
        return AdapterCase(name: name, line: fields.node.mark?.line ?? 1, stimulus: stimulus, isUnsigned: isUnsigned, expected: expected)
    }

    private static func request(_ fields: YAMLFields, hookURL: String) -> HookRequest {
        let route = fields.text("route")
        let url = fields.text("url") ?? hookURL + (route.map { "/\($0)" } ?? "")
        let method = fields.text("method") ?? "POST"
        let at = Date(timeIntervalSince1970: fields.number("at", in: 0...1e11) ?? 1_772_442_000)
        let (headers, body) = self.content(fields)
        fields.finish()
        return HookRequest(method: method, url: url, route: route, headers: headers, body: body, at: at)
    }

    private static func fileStimulus(_ fields: YAMLFields) -> Stimulus? {
        let fetch = fields.fields("fetch").map { fields in
            let (media, step, previous) = self.step(fields)
            fields.finish()
            return Stimulus.fetch(media, step: step, previous: previous)
        }
        let fetched = fields.fields("fetched").map { fields in
            let (media, step, _) = self.step(fields)
            return Stimulus.fetched(self.answer(fields), media, step: step)
        }
        let uploaded = fields.fields("uploaded").map { fields in
            let (_, step, previous) = self.step(fields)
            return Stimulus.uploaded(self.answer(fields), step: step, previous: previous)
        }
        return fetch ?? fetched ?? uploaded
    }

    private static func step(_ fields: YAMLFields) -> (Media, step: Int, previous: JSON?) {
        let media = Media(url: "", contentType: fields.text("media_type"), filename: fields.text("name"), reference: fields.text("ref"))
        return (media, Int(fields.number("step", in: 0...9) ?? 0), fields.optional("previous").map { fields.file.json($0) })
    }

    private static func cursor(_ fields: YAMLFields) -> JSON? { fields.optional("cursor").map { fields.file.json($0) } }

    private static func answer(_ fields: YAMLFields) -> ProviderAnswer {
        let status = Int(fields.number("status", in: 100...599) ?? 200)
        let (headers, body) = self.content(fields)
        fields.finish()
        return ProviderAnswer(status: status, headers: headers, body: body, at: Date(timeIntervalSince1970: 1_772_442_000))
    }

    /// Headers and body; `form` and `json` bring their Content-Type.
    private static func content(_ fields: YAMLFields) -> (headers: [String: String], body: [UInt8]) {
        let given = fields.optional("headers").flatMap { fields.file.json($0).object } ?? [:]
        let headers = Dictionary(given.map { ($0.key.lowercased(), $0.value.string ?? $0.value.text) }) { _, last in last }
        if let form = fields.optional("form").flatMap({ fields.file.json($0).object }) {
            let pairs = form.keys.sorted().map { ($0, form[$0]?.string ?? form[$0]?.text ?? "") }
            return (["content-type": "application/x-www-form-urlencoded"].merging(headers) { $1 }, Array(FormBody.write(pairs).utf8))
        }
        if let json = fields.optional("json") {
            return (["content-type": "application/json"].merging(headers) { $1 }, Array(fields.file.json(json).text.utf8))
        }
        return (headers, Array((fields.text("body") ?? "").utf8))
    }

    private static func message(_ fields: YAMLFields) -> OutboundMessage {
        let media = fields.optional("media").flatMap { fields.file.json($0).array } ?? []
        let buttons = fields.optional("buttons").flatMap { fields.file.json($0).array } ?? []
        let files = media.map { item in
            item["file"]?.string.map {
                AttachmentFile(received: Array($0.utf8), declaredType: item["type"]?.string, filename: item["name"]?.string)
            }
        }
        let body = Body(
            text: fields.text("text") ?? "",
            media: zip(media, files).map { item, file in
                if let file { return file.media() }
                return Media(
                    url: item["url"]?.string ?? "",
                    contentType: item["type"]?.string,
                    filename: item["name"]?.string,
                    size: item["size"]?.int.map { Int64($0) }
                )
            },
            buttons: buttons.map { Button(title: $0["title"]?.string ?? "", value: $0["value"]?.string, url: $0["url"]?.string) }
        )
        let id = UUID(uuidString: "0190163d-8694-739b-aea5-966c26f8ad91")!
        let message = OutboundMessage(
            id: MessageID(id),
            delivery: DeliveryID(id),
            to: fields.text("to") ?? "",
            thread: fields.text("thread"),
            inReplyTo: fields.text("in_reply_to"),
            body: body,
            files: files.compactMap(\.self),
            steps: fields.optional("steps").flatMap { fields.file.json($0).array } ?? []
        )
        fields.finish()
        return message
    }
}
