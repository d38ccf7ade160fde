/// What tells two messages apart that have no id: who wrote what, where. The moment is compared beside it.
package struct Fingerprint: Hashable, Sendable {
    package var person: Person
    package var channel: ChannelID
    /// The body as it is kept, for that is what the database compares.
    @Exact package private(set) var body: String
    package init(person: Person, channel: ChannelID, body: Body) {
        self.person = person
        self.channel = channel
        self.body = body.json.text
    }
}
