/// Where addresses of one kind live: `sms`, `email`, `webchat`, `slack:T0TEAM001`.
///
/// The same address in the same space is the same identity, whichever adapter or channel it came through.
package struct AddressSpace: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let email = AddressSpace(rawValue: "email")
}

/// One address in its space, normalized: `+15005550123` in `sms`, `U0ANNA001` in `slack:T0TEAM001`.
package struct Address: Hashable, Sendable, Codable {
    package var space: AddressSpace
    package var value: String
    package init(space: AddressSpace, value: String) {
        self.space = space
        self.value = value
    }
}
