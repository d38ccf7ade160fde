/// An address within a workspace: what an identity is found by.
package struct Person: Hashable, Sendable {
    package var workspace: WorkspaceID
    package var address: Address
    package init(workspace: WorkspaceID, address: Address) {
        self.workspace = workspace
        self.address = address
    }
}

extension Person: Comparable {
    package static func < (one: Person, other: Person) -> Bool {
        (one.workspace.uuid, one.address.space.rawValue, one.address.value)
            < (other.workspace.uuid, other.address.space.rawValue, other.address.value)
    }
}
