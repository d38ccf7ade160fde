import Glibc
import NIOCore

/// An address cannot be listened on. Exit code 69.
struct ListenFailure: Error, CustomStringConvertible {
    let address: ListenAddress
    /// In the system's words.
    let reason: String

    /// Nil when `error` is none of those that come before a listener is open.
    init?(_ error: any Error, at address: ListenAddress) {
        switch error {
        case let error as IOError: self.reason = String(cString: strerror(error.errnoCode))
        case is SocketAddressError, is SocketAddressError.UnknownHost: self.reason = "there is no such host"
        default: return nil
        }
        self.address = address
    }

    var description: String { "cannot listen on \(self.address): \(self.reason); choose another address or port" }
}
