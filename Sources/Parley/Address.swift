/// One address in its space, normalized: `+15005550123` in `sms`, `U0ANNA001` in `slack:T0TEAM001`.
package struct Address: Hashable, Sendable, Codable {
    package var space: AddressSpace
    @Exact package var value: String
    package init(space: AddressSpace, value: String) {
        self.space = space
        self.value = value
    }
}
