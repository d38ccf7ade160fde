import Channels
import Parley

extension AdapterRegistry {
    /// The adapter that a person means.
    ///
    /// - Throws: which there are, and which was probably meant.
    func named(_ text: String) throws(ProcessFailure) -> any Adapter {
        if let adapter = AdapterName(rawValue: text).flatMap({ self[$0] }) { return adapter }
        let names = self.all.map(\.name.rawValue)
        throw .failed("there is no adapter '\(text)'\(text.suggestion(of: names)); choose from \(names.joined(separator: ", "))")
    }
}
