package import Foundation

/// Makes ids for given moments, each one once: a batch planned again from the same seed gets the same ids.
///
/// Ids made for one moment come in the order they were asked for, so that a request's events stay in order where ids are sorted.
package struct MomentIDs: Sendable {
    private var random: any RandomNumberGenerator & Sendable
    /// By microsecond: how many ids it has.
    private var made: [Int64: Int64] = [:]

    package init(random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) { self.random = random }

    package mutating func next<Entity>(at date: Date) -> Identifier<Entity> {
        let microsecond = Int64(date.timeIntervalSince1970 * 1_000_000)
        let earlier = self.made[microsecond, default: 0]
        self.made[microsecond] = earlier + 1
        let moment = Date(timeIntervalSince1970: Double(microsecond + earlier) / 1_000_000)
        return Identifier(.version7(at: moment, using: &self.random))
    }
}
