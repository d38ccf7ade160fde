internal import Foundation
package import Parley

/// Runs the recorded cases of adapters, offline.
package enum AdapterCases {
    package struct Outcome: Hashable, Sendable {
        package var adapter: AdapterName
        /// `twilio/cases/inbound.yaml:12`.
        package var place: String
        package var name: String
        /// Where what came differs from what was expected; empty when the case passed.
        package var differences: [String]
        package var hasPassed: Bool { self.differences.isEmpty }
    }

    /// Runs `<directory>/<adapter>/cases/*.yaml` of every adapter of the registry, or only of those named.
    ///
    /// A file of cases that cannot be read is one outcome that did not pass, with its mistakes as differences.
    package static func run(
        _ registry: AdapterRegistry,
        directory: String,
        only names: Set<AdapterName>? = nil
    ) async -> [Outcome] {
        var outcomes: [Outcome] = []
        for adapter in registry.all where names?.contains(adapter.name) ?? true {
            for (name, text) in self.files(of: adapter.name.rawValue, in: directory) {
                outcomes += await self.run(text, file: name, adapter: adapter)
            }
        }
        return outcomes
    }

    /// What is wrong with the files of cases themselves, without running any.
    static func check(directory: String) -> [Diagnostic] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return folders.flatMap { self.files(of: $0, in: directory) }.flatMap { AdapterCase.read($0.text, name: $0.name).problems }
    }

    private static func files(of adapter: String, in directory: String) -> [(name: String, text: String)] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(adapter)/cases")) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.sorted().map { file in
            let name = "\(adapter)/cases/\(file)"
            return (name, String(decoding: FileManager.default.contents(atPath: "\(directory)/\(name)") ?? Data(), as: UTF8.self))
        }
    }

    private static func run(_ text: String, file: String, adapter: any Adapter) async -> [Outcome] {
        let (given, hookURL, cases, problems) = AdapterCase.read(text, name: file)
        guard problems.isEmpty else {
            return [Outcome(adapter: adapter.name, place: file, name: "the file itself", differences: problems.map(\.description))]
        }
        let settings: [String: JSON]
        switch await adapter.validate(given) {
        case .success(let complete): settings = complete
        case .failure(let errors):
            let differences = errors.errors.map { "settings\($0.pointer): \($0.detail)" }
            return [Outcome(adapter: adapter.name, place: file, name: "the settings", differences: differences)]
        }
        var outcomes: [Outcome] = []
        for item in cases {
            let channel = ChannelContext(
                id: .make(),
                workspace: .make(),
                settings: settings,
                verification: item.isUnsigned ? .off : .enforce,
                hookURL: hookURL
            )
            let differences: [String]
            do throws(AdapterError) {
                differences = Difference.between(item.expected, try await self.actual(item.stimulus, adapter, channel))
            } catch {
                differences = ["\(error.code.rawValue): \(error.detail)"]
            }
            outcomes.append(Outcome(adapter: adapter.name, place: "\(file):\(item.line)", name: item.name, differences: differences))
        }
        return outcomes
    }

    private static func actual(
        _ stimulus: AdapterCase.Stimulus,
        _ adapter: any Adapter,
        _ channel: ChannelContext
    ) async throws(AdapterError) -> JSON {
        switch stimulus {
        case .request(let request): (try await adapter.receive(request, for: channel)).shown
        case .send(let message): (try await adapter.render(message, for: channel)).shown
        case .outcome(let answer): ["outcome": (try await adapter.judge(answer, for: channel)).shown]
        case .fetch(let media, let step, let previous):
            (try await adapter.mediaStep(step, to: media, previous: previous, for: channel)).shown
        case .fetched(let answer, let media, let step):
            ["yields": try await adapter.read(answer, ofMediaStep: step, to: media, for: channel) ?? .null]
        case .uploaded(let answer, let step, let previous):
            (try await adapter.judge(answer, ofStep: step, previous: previous, for: channel)).shown
        case .poll(let cursor): ["request": (try await adapter.poll(after: cursor, for: channel)).map(\.shown) ?? .null]
        case .polled(let answer, let cursor):
            try await self.polled(try await adapter.read(answer, after: cursor, for: channel), answer, adapter, channel)
        }
    }

    /// How it went, and, where there is something to read, what it brought.
    private static func polled(
        _ read: PollAnswer,
        _ answer: ProviderAnswer,
        _ adapter: any Adapter,
        _ channel: ChannelContext
    ) async throws(AdapterError) -> JSON {
        guard case .read = read else { return read.shown }
        let received = try await adapter.receive(HookRequest(polled: answer), for: channel)
        return .object((received.shown.object ?? [:]).merging(read.shown.object ?? [:]) { $1 })
    }
}
