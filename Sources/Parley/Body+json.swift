extension Body {
    /// `{"type": "text", "text": {"text": "hello"}}`, with `media` and `buttons` where there are any: as the API gives it and the database keeps it.
    package var json: JSON {
        var members: [String: JSON] = ["type": "text", "text": ["text": .string(self.text)]]
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
        self.init(text: text, media: media, buttons: buttons)
    }
}

extension Media {
    package var json: JSON {
        var members: [String: JSON] = ["url": .string(self.url)]
        members["contentType"] = self.contentType.map(JSON.string)
        members["filename"] = self.filename.map(JSON.string)
        members["size"] = self.size.map { .integer($0) }
        return .object(members)
    }

    package init?(json: JSON) {
        guard let url = json["url"]?.string else { return nil }
        self.init(
            url: url,
            contentType: json["contentType"]?.string,
            filename: json["filename"]?.string,
            size: json["size"]?.int.map(Int64.init)
        )
    }
}

extension Button {
    package var json: JSON {
        var members: [String: JSON] = ["title": .string(self.title)]
        members["value"] = self.value.map(JSON.string)
        members["url"] = self.url.map(JSON.string)
        return .object(members)
    }

    package init?(json: JSON) {
        guard let title = json["title"]?.string else { return nil }
        self.init(title: title, value: json["value"]?.string, url: json["url"]?.string)
    }
}
