extension Body {
    /// `{"type": "text", "text": {"text": "hello"}}`, with what else there is: as the API gives it and the database keeps it.
    package var json: JSON {
        var text: [String: JSON] = ["text": .string(self.text)]
        text["full"] = self.fullText.map(JSON.string)
        var members: [String: JSON] = ["type": "text", "text": .object(text)]
        members["subject"] = self.subject.map(JSON.string)
        members["html"] = self.html.map(JSON.string)
        if !self.media.isEmpty { members["media"] = .array(self.media.map(\.json)) }
        if !self.buttons.isEmpty { members["buttons"] = .array(self.buttons.map(\.json)) }
        return .object(members)
    }

    /// Nil for what `json` never writes.
    package init?(json: JSON) {
        guard json["type"]?.string == "text", let text = json["text"]?["text"]?.string else { return nil }
        var media: [Media] = []
        for item in json["media"]?.array ?? [] {
            guard let file = Media(json: item) else { return nil }
            media.append(file)
        }
        var buttons: [Button] = []
        for item in json["buttons"]?.array ?? [] {
            guard let button = Button(json: item) else { return nil }
            buttons.append(button)
        }
        self.init(
            text: text,
            media: media,
            buttons: buttons,
            subject: json["subject"]?.string,
            html: json["html"]?.string,
            fullText: json["text"]?["full"]?.string
        )
    }
}
