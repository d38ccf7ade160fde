/// Where addresses of one kind live: `sms`, `email`, `webchat`, `slack:T0TEAM001`.
///
/// The same address in the same space is the same identity, whichever adapter or channel it came through.
package struct AddressSpace: Hashable, Sendable, Codable {
    @Exact package private(set) var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package init(from decoder: any Decoder) throws { self.rawValue = try String(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try self.rawValue.encode(to: encoder) }

    package static let email = AddressSpace(rawValue: "email")
}
