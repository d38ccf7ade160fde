package import Parley
internal import Yams

/// What a file says that a workspace's channels should be, and where it says each thing.
package struct ChannelsFile: Sendable {
    package struct Wanted: Sendable {
        package var name: String
        package var adapter: String
        package var settings: JSON
        package var policy: JSON?
        fileprivate var places: Places
    }
    /// Line and column by pointer: `/settings/from`; the channel's own is the empty one.
    fileprivate typealias Places = [String: Place]
    fileprivate struct Place {
        var line: Int
        var column: Int
    }

    private let name: String
    package let workspace: String
    package let channels: [Wanted]

    /// - Parameters:
    ///   - name: what diagnostics call the file.
    ///   - environment: where `${NAME}`, as the whole of a setting, takes its value from: secrets need not stand in the file.
    /// - Throws: every mistake with its line and column.
    package init(_ text: String, name: String, environment: [String: String]) throws(AdapterLoadError) {
        let file = YAMLFile(name: name, text: text)
        var workspace: String?
        var channels: [Wanted] = []
        if let root = file.root(of: text) {
            let fields = YAMLFields(root, in: file)
            workspace = fields.required("workspace").flatMap { file.text($0) }
            if let list = fields.required("channels") {
                if case .sequence(let items) = list {
                    channels = items.compactMap { Self.wanted($0, in: file, environment) }
                } else {
                    file.report(list, "expected a list of channels")
                }
            }
            fields.finish()
        }
        for (index, channel) in channels.enumerated() where channels[..<index].contains(where: { $0.name == channel.name }) {
            let place = channel.places.nearest("/name")
            let message = "a second channel '\(channel.name)': the name is what a channel is known by"
            file.report(line: place.line, column: place.column, message)
        }
        guard file.diagnostics.isEmpty, let workspace else { throw AdapterLoadError(diagnostics: file.diagnostics.sorted()) }
        self.name = name
        self.workspace = workspace
        self.channels = channels
    }

    /// What is wrong with a thing that a channel is told to be.
    ///
    /// - Parameter pointer: into the channel, `/settings/from`; what is not there stands where it should be.
    package func diagnostic(_ channel: Wanted, _ pointer: String, _ message: String) -> Diagnostic {
        let place = channel.places.nearest(pointer)
        let what = pointer.isEmpty ? "" : "\(pointer.dropFirst()): "
        return Diagnostic(
            file: self.name,
            line: place.line,
            column: place.column,
            message: "channel '\(channel.name)': \(what)\(message)"
        )
    }

    private static func wanted(_ node: Node, in file: YAMLFile, _ environment: [String: String]) -> Wanted? {
        let fields = YAMLFields(node, in: file)
        let name = fields.required("name").flatMap { file.text($0) }
        let adapter = fields.required("adapter").flatMap { file.text($0) }
        let settings = fields.required("settings").map { self.settings($0, in: file, environment) }
        let policy = fields.optional("policy").map { file.json($0) }
        fields.finish()
        guard let name, let adapter, let settings else { return nil }
        return Wanted(name: name, adapter: adapter, settings: settings, policy: policy, places: self.places(in: node))
    }

    private static func settings(_ node: Node, in file: YAMLFile, _ environment: [String: String]) -> JSON {
        let settings = file.json(node)
        guard case .mapping(let mapping) = node, var members = settings.object else { return settings }
        for (key, value) in mapping {
            guard let name = key.string, let text = members[name]?.string, text.hasPrefix("${"), text.hasSuffix("}") else { continue }
            let variable = String(text.dropFirst(2).dropLast())
            if let found = environment[variable] {
                members[name] = .string(found)
            } else {
                file.report(value, "the environment has no \(variable)")
            }
        }
        return .object(members)
    }

    private static func places(in channel: Node) -> Places {
        func place(_ node: Node) -> Place { Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1) }
        var places: Places = ["": place(channel)]
        for (key, value) in channel.mapping ?? [:] {
            let pointer = "/\(key.string ?? "")"
            places[pointer] = place(key)
            for (inner, _) in value.mapping ?? [:] { places["\(pointer)/\(inner.string ?? "")"] = place(inner) }
        }
        return places
    }
}

extension ChannelsFile.Places {
    /// Where `pointer` stands, or the nearest thing around it.
    fileprivate func nearest(_ pointer: String) -> ChannelsFile.Place {
        var pointer = pointer[...]
        while !pointer.isEmpty {
            if let place = self[String(pointer)] { return place }
            pointer = pointer[..<(pointer.lastIndex(of: "/") ?? pointer.startIndex)]
        }
        return self[""] ?? ChannelsFile.Place(line: 1, column: 1)
    }
}
