import Foundation
import Glibc

/// One TCP connection that sends exactly the bytes it is told to, as no HTTP library would.
struct RawConnection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ text: String) { self.send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func finishSending() { shutdown(self.descriptor, Int32(SHUT_WR)) }
    func close() { Glibc.close(self.descriptor) }

    /// All the peer says until it closes.
    func readToEnd() async -> RawAnswer { await self.read(until: nil) }

    /// Sends all of `bytes` and reads to the end.
    func exchange(_ bytes: [UInt8]) async -> RawAnswer { await self.read(until: nil, after: bytes) }

    /// Reads until `isEnough`, on a thread of its own: it blocks, and the shared ones are few.
    func read(until isEnough: (@Sendable (String) -> Bool)?, after bytes: [UInt8] = []) async -> RawAnswer {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                self.send(bytes)
                var all: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 65_536)
                var isClosed = false
                while isEnough?(String(decoding: all, as: UTF8.self)) != true {
                    let count = recv(self.descriptor, &chunk, chunk.count, 0)
                    guard count > 0 else {
                        isClosed = count == 0 || errno == ECONNRESET
                        break
                    }
                    all += chunk[..<count]
                }
                continuation.resume(returning: RawAnswer(text: String(decoding: all, as: UTF8.self), isClosed: isClosed))
            }
        }
    }
}

struct RawAnswer: Sendable {
    var text: String
    /// The peer closed; false when it let us wait too long.
    var isClosed: Bool
    /// 0 when nothing came.
    var status: Int { Int(self.text.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var statuses: [Int] { self.text.matches(of: /HTTP\/1\.1 (\d{3})/).compactMap { Int($0.1) } }
}
