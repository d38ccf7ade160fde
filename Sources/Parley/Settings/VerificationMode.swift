/// How a channel treats requests whose signature does not verify: `shadow` accepts them and counts what it would refuse.
package enum VerificationMode: String, Hashable, Sendable, Codable, CaseIterable { case off, shadow, enforce }
