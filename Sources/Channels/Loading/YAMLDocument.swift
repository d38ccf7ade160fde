package import Parley

/// A YAML text that is no adapter, under the same budgets: nodes, bytes, aliases.
package enum YAMLDocument {
    /// - Throws: every mistake with its line and column.
    package static func json(_ text: String, name: String) throws(AdapterLoadError) -> JSON {
        let file = YAMLFile(name: name, text: text)
        guard let root = file.root(of: text) else { throw AdapterLoadError(diagnostics: file.diagnostics.sorted()) }
        let json = file.json(root)
        guard file.diagnostics.isEmpty else { throw AdapterLoadError(diagnostics: file.diagnostics.sorted()) }
        return json
    }
}
