/// Everything that keeps a folder of adapters from being loaded, in the order of the files.
package struct AdapterLoadError: Error, Hashable, Sendable, CustomStringConvertible {
    package var diagnostics: [Diagnostic]
    package var description: String { self.diagnostics.map(\.description).joined(separator: "\n") }
}
