/// What all transfers of one client have in common.
package struct ClientSettings: Sendable {
    /// `parley/1.0.0`
    package var userAgent: String
    package var egress: EgressPolicy
    /// A PEM file of the authorities to trust; nil for the system's.
    package var authorities: String?
    /// Idle connections kept for the next request.
    package var keptConnections: Int
    /// Answers given instead of asking DNS, each as `name:port:address`. The egress guard judges them like any other.
    package var names: [String]

    package init(
        userAgent: String,
        egress: EgressPolicy,
        authorities: String? = nil,
        keptConnections: Int = 64,
        names: [String] = []
    ) {
        self.userAgent = userAgent
        self.egress = egress
        self.authorities = authorities
        self.keptConnections = keptConnections
        self.names = names
    }
}
