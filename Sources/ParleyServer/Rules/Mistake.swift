/// What is wrong with one value that somebody gave: the same words for the API, the commands and files.
struct Mistake: Error, Hashable, Sendable {
    /// Stable, as in `too_long`.
    var code: String
    /// For whoever gave it; a sentence.
    var detail: String

    init(_ code: String, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension Problem.Field {
    init(pointer: String, _ mistake: Mistake) { self.init(pointer: pointer, code: mistake.code, detail: mistake.detail) }
}
