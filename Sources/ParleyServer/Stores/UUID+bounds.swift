import Foundation

/// Where a list begins that nobody has read from yet: with a bound it is always one range of one index. A condition that may or may not hold
/// (`$1 IS NULL OR id < $1`) finds no index once the server makes one plan for all values.
extension UUID {
    static let lowest = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    static let highest = UUID(uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
}
