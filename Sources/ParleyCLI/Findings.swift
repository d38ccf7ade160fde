import ArgumentParser
import Foundation
import ParleyServer

/// Prints what was looked at; ends with 1 when something does not work.
func show(_ findings: [Finding]) throws {
    let width = findings.map(\.name.count).max() ?? 0
    for finding in findings {
        let name = finding.name + String(repeating: " ", count: width - finding.name.count)
        print("\(finding.level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0))  \(name)  \(finding.detail)")
    }
    if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
}
