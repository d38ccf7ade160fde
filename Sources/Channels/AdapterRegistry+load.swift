internal import Foundation
internal import Parley

extension AdapterRegistry {
    /// Reads every `<adapter>/adapter.yaml` of a folder. The adapters that are no HTTP provider are always there.
    ///
    /// - Throws: everything that is wrong, of all files; nothing is loaded then, so what runs goes on running (I18).
    package static func load(from directory: String, engine: ExpressionEngine = .shared) throws(AdapterLoadError) -> AdapterRegistry {
        let (declarations, diagnostics) = self.read(directory)
        guard diagnostics.isEmpty else { throw AdapterLoadError(diagnostics: diagnostics) }
        let declared = declarations.map { DeclarativeAdapter(declaration: $0, engine: engine) }
        return AdapterRegistry(declared + [EmailAdapter(), WebchatAdapter()])
    }

    /// Everything that is wrong with the adapters of a folder and their cases, in the order of the files; empty when all is well.
    package static func check(directory: String) -> [Diagnostic] {
        (self.read(directory).1 + AdapterCases.check(directory: directory)).sorted()
    }

    private static func read(_ directory: String) -> ([Declaration], [Diagnostic]) {
        guard let folders = try? FileManager.default.contentsOfDirectory(atPath: directory).sorted() else {
            return ([], [Diagnostic(file: directory, line: 1, column: 1, message: "no such folder")])
        }
        var declarations: [Declaration] = []
        var diagnostics: [Diagnostic] = []
        for folder in folders {
            let name = "\(folder)/adapter.yaml"
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else { continue }
            guard let text = String(validating: data, as: UTF8.self) else {
                diagnostics.append(Diagnostic(file: name, line: 1, column: 1, message: "not UTF-8"))
                continue
            }
            let (declaration, problems) = DeclarationReader.read(text, folder: folder, name: name)
            diagnostics += problems
            if let declaration { declarations.append(declaration) }
        }
        return (declarations, diagnostics)
    }
}
