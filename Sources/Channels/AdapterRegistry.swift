package import Parley

/// The adapters a process knows, by name: a value, so a reload makes a new one beside it and nobody ever sees half of it.
package struct AdapterRegistry: Sendable {
    private let adapters: [AdapterName: any Adapter]

    package init(_ adapters: [any Adapter]) {
        self.adapters = Dictionary(adapters.map { ($0.name, $0) }) { _, last in last }
    }

    package subscript(name: AdapterName) -> (any Adapter)? { self.adapters[name] }

    /// By name.
    package var all: [any Adapter] { self.adapters.values.sorted { $0.name.rawValue < $1.name.rawValue } }
}
