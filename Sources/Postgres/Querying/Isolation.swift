/// How much a transaction is shielded from others.
package enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED", repeatableRead = "REPEATABLE READ", serializable = "SERIALIZABLE"
    var begin: SQL { self == .readCommitted ? "BEGIN" : SQL(trusted: "BEGIN ISOLATION LEVEL \(self.rawValue)") }
}
