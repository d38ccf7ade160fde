import Foundation

/// The folder that holds `channels/` (adapters), `sql/` (migrations) and `web/` (what browsers load).
package struct Home: Hashable, Sendable {
    package let path: String
    package var channels: String { "\(self.path)/channels" }
    package var sql: String { "\(self.path)/sql" }
    /// The pages' and the widget's own files.
    package var web: String { "\(self.path)/web" }

    /// Nil when the folder does not hold the first two; workers need no `web/`.
    package init?(_ path: String) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        guard Self.isFolder(self.channels), Self.isFolder(self.sql) else { return nil }
    }

    /// Looks in the working folder, then upwards from the executable (a build folder stands inside its clone), then in `share/parley`.
    static func find(workingFolder: String, executable: String) -> Home? {
        if let home = Home(workingFolder) { return home }
        var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        while folder.path != "/" {
            if let home = Home(folder.path) ?? Home(folder.appendingPathComponent("share/parley").path) { return home }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
