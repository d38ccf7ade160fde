import ArgumentParser
import Foundation
import ParleyServer

/// Prints what was looked at; ends with 1 when something does not work, with 69 or 78 when it could not be looked at.
func show(_ findings: [Finding]) throws {
    let width = findings.map(\.name.count).max() ?? 0
    for finding in findings {
        let name = finding.name + String(repeating: " ", count: width - finding.name.count)
        print("\(finding.level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0))  \(name)  \(finding.detail)")
    }
    // The greatest is the first to mend: settings (78), then what cannot be reached (69).
    if let code = findings.filter({ $0.level == .problem }).map(\.exitCode).max() { throw ExitCode(code) }
}
