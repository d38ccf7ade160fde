import Channels
import Curl
import Parley

/// What a channel may be told to be, whoever tells it: the API, a command or a file.
struct ChannelRules: Sendable {
    let egress: EgressPolicy

    func mistake(inName name: String) -> Mistake? { LineRule().mistake(in: name) }

    /// The settings with their defaults; a setting that is null has its default.
    ///
    /// - Throws: every mistake, under `/settings`, none with its value: it may be a secret.
    func settings(_ given: JSON, over known: [String: JSON] = [:], of adapter: any Adapter) async throws(Problem) -> [String: JSON] {
        guard let members = given.object else { throw .invalid("/settings", "wrong_type", "Must be an object.") }
        let complete = try await Self.get(adapter.validate(known.merging(members) { $1 }), under: "/settings")
        var errors: [Problem.Field] = []
        for (name, property) in adapter.settings.properties.sorted(by: { $0.key < $1.key }) where property.format == "uri" {
            guard let url = complete[name]?.string, !url.isEmpty else { continue }
            do throws(TransferError) { try self.egress.check(target: url) } catch {
                errors.append(Problem.Field(pointer: "/settings/\(name)", code: error.reason.rawValue, detail: error.detail))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return complete
    }

    /// The policy with what is given laid over what is known; a member that is null has its adapter's standard.
    ///
    /// - Throws: every mistake, under `/policy`.
    func policy(_ given: JSON, over known: ChannelPolicy, standard: ChannelPolicy) throws(Problem) -> ChannelPolicy {
        guard let members = given.object else { throw .invalid("/policy", "wrong_type", "Must be an object.") }
        return try Self.get(known.changed(by: members, standard: standard), under: "/policy")
    }

    private static func get<T>(_ result: Result<T, SettingsErrors>, under pointer: String) throws(Problem) -> T {
        switch result {
        case .success(let value): return value
        case .failure(let problems):
            throw .invalid(
                problems.errors.map { Problem.Field(pointer: pointer + $0.pointer, code: $0.code.rawValue, detail: $0.detail) }
            )
        }
    }
}
