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
