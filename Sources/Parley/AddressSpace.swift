/// Where addresses of one kind live: `sms`, `email`, `webchat`, `slack:T0TEAM001`.
///
/// The same address in the same space is the same identity, whichever adapter or channel it came through.
package struct AddressSpace: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let email = AddressSpace(rawValue: "email")
}
