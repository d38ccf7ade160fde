import ArgumentParser
import ParleyServer

/// How a command prints what it found.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, for scripts.")
    var json = false

    func show(_ listing: Listing) { print(self.json ? listing.json : listing.text) }

    /// The one thing a command made.
    func showOne(_ listing: Listing) { print(self.json ? listing.recordJSON : listing.record) }
}
