/// What came back: an HTTP answer, the reply of a mail server (its text is the body), or what a mailbox holds.
struct TransferAnswer: Hashable, Sendable {
    var status: Int
    var headers: [String: String] = [:]
    var body: [UInt8]
}

typealias TransferResult = Result<TransferAnswer, TransferError>
