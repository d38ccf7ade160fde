internal import Foundation

/// `5.1.1` and the like, and what they say by their class.
///
/// Source: RFC 3463.
enum EnhancedStatus {
    /// The first in a text; nil when there is none.
    static func first(_ text: String) -> String? {
        text.prefix(2_000).firstMatch(of: /(?:^|[^0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.]*[0-9])/).map { String($0.1) }
    }

    static func action(of status: String) -> DeliveryReport.Action? {
        switch status.first {
        case "2": .delivered
        case "4": .delayed
        case "5": .failed
        default: nil
        }
    }
}
