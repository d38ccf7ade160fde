extension Settings {
    /// Where a value was found, for error messages and for settings that stand for one another.
    enum Origin: Sendable, CustomStringConvertible {
        case file(String)  // path:line:column
        case environment
        case flag
        case dev  // `parley dev` decides it

        /// The higher one wins.
        var rank: Int {
            switch self {
            case .file: 0
            case .environment: 1
            case .flag: 2
            case .dev: 3
            }
        }

        var description: String {
            switch self {
            case .file(let place): place
            case .environment: "environment"
            case .flag: "flag"
            case .dev: "parley dev"
            }
        }
    }
}
