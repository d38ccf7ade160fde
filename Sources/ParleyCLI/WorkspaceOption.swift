import ArgumentParser

/// Whose things a command is about.
struct WorkspaceOption: ParsableArguments {
    @Option(name: .customLong("workspace"), help: ArgumentHelp("The workspace, by name or id.", valueName: "workspace"))
    var name: String
}
