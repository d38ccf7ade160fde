import ArgumentParser
import Foundation
import ParleyServer

/// What every command that has settings takes.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file of NAME=value lines, for settings that neither a flag nor the environment gives.", valueName: "file")
    )
    var config: String?
    @Option(help: ArgumentHelp("The folder that holds channels/ and sql/ (PARLEY_HOME).", valueName: "folder"))
    var home: String?
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical (PARLEY_LOG_LEVEL).", valueName: "level"))
    var logLevel: String?

    func settings(_ more: [SettingName: String?] = [:]) throws -> Settings {
        var flags = more.compactMapValues(\.self)
        flags[.home] = self.home
        flags[.logLevel] = self.logLevel
        return try Settings(flags: flags, file: self.config ?? ProcessInfo.processInfo.environment["PARLEY_CONFIG"])
    }
}

/// What every command that needs the database takes.
struct DatabaseOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("The PostgreSQL to use (PARLEY_DATABASE_URL).", valueName: "url"))
    var databaseURL: String?
    @Option(
        help: ArgumentHelp(
            "Use the database, the master key, the egress and the public URL of the `parley dev` that keeps its data here.",
            valueName: "folder"
        )
    )
    var data: String?

    func settings(_ more: [SettingName: String?] = [:]) throws -> Settings {
        var flags = more
        if let data {
            let dev = try DevFolder(path: data).read()
            flags[.databaseURL] = dev.databaseURL
            flags[.masterKeyFile] = DevFolder(path: data).masterKeyFile
            if flags[.egressAllow] ?? nil == nil { flags[.egressAllow] = dev.egressAllow }
            if flags[.publicURL] ?? nil == nil { flags[.publicURL] = dev.publicURL }
        }
        if let databaseURL { flags[.databaseURL] = databaseURL }
        return try self.common.settings(flags)
    }
}

extension DatabaseOptions {
    /// The settings of a command that prints hook URLs, which says beside them when they may be none that a provider can call.
    func settingsForHooks() throws -> Settings {
        let settings = try self.settings()
        if let doubt = settings.publicURLDoubt { FileHandle.standardError.write(Data("parley: \(doubt)\n".utf8)) }
        return settings
    }
}

/// Text a help page opens with.
func examples(_ lines: String) -> String {
    "Examples:\n" + lines.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
}
