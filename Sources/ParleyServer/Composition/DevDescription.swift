package import Parley

/// What one `parley dev` tells whoever wants to talk to it: the content of `dev.json`.
package struct DevDescription: Hashable, Sendable {
    package struct DemoChannel: Hashable, Sendable {
        package var id: String
        package var adapter: String
        package var name: String
        package var hookURL: String
        /// Opened, secrets included: they are the sandbox's, and the file is its owner's alone.
        package var settings: [String: JSON]
    }
    package var httpURL: String
    /// Where providers reach it: what hook URLs begin with.
    package var publicURL: String
    /// `127.0.0.1:2525`
    package var smtp: String
    package var workspaceId: String
    package var apiKey: String
    package var databaseURL: String
    /// What its outbound calls may reach, so that a command on its data judges as it does.
    package var egressAllow: String
    package var channels: [DemoChannel]
}

extension DevDescription {
    var json: JSON {
        [
            "httpURL": .string(self.httpURL), "publicURL": .string(self.publicURL), "smtp": .string(self.smtp),
            "workspaceId": .string(self.workspaceId),
            "apiKey": .string(self.apiKey), "databaseURL": .string(self.databaseURL), "egressAllow": .string(self.egressAllow),
            "channels": .array(self.channels.map(\.json)),
        ]
    }

    /// Nil when a member is missing or of another kind.
    init?(_ json: JSON) {
        guard let httpURL = json["httpURL"]?.string, let publicURL = json["publicURL"]?.string, let smtp = json["smtp"]?.string,
            let workspaceId = json["workspaceId"]?.string,
            let apiKey = json["apiKey"]?.string, let databaseURL = json["databaseURL"]?.string,
            let egressAllow = json["egressAllow"]?.string, let channels = json["channels"]?.array
        else { return nil }
        self.init(
            httpURL: httpURL,
            publicURL: publicURL,
            smtp: smtp,
            workspaceId: workspaceId,
            apiKey: apiKey,
            databaseURL: databaseURL,
            egressAllow: egressAllow,
            channels: channels.compactMap(DemoChannel.init)
        )
    }
}

extension DevDescription.DemoChannel {
    var json: JSON {
        [
            "id": .string(self.id), "adapter": .string(self.adapter), "name": .string(self.name), "hookURL": .string(self.hookURL),
            "settings": .object(self.settings),
        ]
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string, let adapter = json["adapter"]?.string, let name = json["name"]?.string,
            let hookURL = json["hookURL"]?.string, let settings = json["settings"]?.object
        else { return nil }
        self.init(id: id, adapter: adapter, name: name, hookURL: hookURL, settings: settings)
    }
}
