internal import Parley

/// The requests that bring a message's files to the provider before the message itself: for each file the same steps, one after another.
struct Uploads {
    /// The message's media, in order; those among them that are files of ours are uploaded.
    let media: [Media]
    private let files: [(index: Int, bytes: AttachmentFile)]
    private let steps: Int
    /// What the steps already done yielded, in order.
    private let done: [JSON]

    /// - Parameter steps: for each file; 0 when files go out by their URL.
    /// - Throws: `.badResult` when more is done than there is to do: a file has gone meanwhile.
    init(_ media: [Media], of message: OutboundMessage, steps: Int) throws(AdapterError) {
        let bytes = Dictionary(message.files.map { ($0.id, $0) }) { first, _ in first }
        self.media = media
        self.steps = steps
        self.done = message.steps
        self.files =
            steps == 0 ? [] : media.enumerated().compactMap { index, media in media.attachment.flatMap { bytes[$0] }.map { (index, $0) } }
        guard message.steps.count <= self.count else { throw AdapterError(.badResult, "a file of the message is gone") }
    }

    /// How many requests come before the message.
    var count: Int { self.files.count * self.steps }

    struct Next {
        /// The place in `media`.
        var file: Int
        var bytes: AttachmentFile
        /// 0 for the first.
        var step: Int
    }

    /// Nil when all are done.
    var next: Next? {
        guard self.done.count < self.count else { return nil }
        let file = self.files[self.done.count / self.steps]
        return Next(file: file.index, bytes: file.bytes, step: self.done.count % self.steps)
    }

    /// What the last step of each file yielded, by its place in `media`.
    var yields: [Int: JSON] {
        var yields: [Int: JSON] = [:]
        for (number, file) in self.files.enumerated() {
            let last = (number + 1) * self.steps - 1
            if last < self.done.count { yields[file.index] = self.done[last] }
        }
        return yields
    }
}
