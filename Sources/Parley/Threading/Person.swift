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
        (one.workspace.uuid, Exact(one.address.space.rawValue), Exact(one.address.value))
            < (other.workspace.uuid, Exact(other.address.space.rawValue), Exact(other.address.value))
    }
}
