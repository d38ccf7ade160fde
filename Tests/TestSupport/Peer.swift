import Foundation
import Synchronization

/// A TCP listener on loopback that treats each connection as a script says, byte by byte, to be as rude as a server can be.
package final class Peer: Sendable {
    package let port: Int
    private let descriptor: Int32
    private let seen = Mutex(Seen())

    private struct Seen {
        var connections = 0
        var requests: [Request] = []
        var bytes = 0
    }
    package struct Request: Sendable {
        package var head: String
        package var body: [UInt8]
    }

    /// - Parameter script: runs on a thread of its own for each connection; the connection is closed when it returns.
    package init(_ script: @escaping @Sendable (Line) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard descriptor >= 0, isBound, listen(descriptor, 128) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        self.descriptor = descriptor
        self.port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread {
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                let index = self.seen.withLock {
                    $0.connections += 1
                    return $0.connections - 1
                }
                let line = Line(descriptor: accepted, index: index, peer: self)
                Thread.detachNewThread {
                    script(line)
                    line.close()
                }
            }
        }
    }

    /// Stops listening. Without it a peer lives as long as the test process.
    package func close() {
        shutdown(self.descriptor, Int32(SHUT_RDWR))
        Glibc.close(self.descriptor)
    }

    package var url: String { "http://127.0.0.1:\(self.port)/" }
    package var connections: Int { self.seen.withLock { $0.connections } }
    package var requests: [Request] { self.seen.withLock { $0.requests } }
    /// Received, over all connections.
    package var bytes: Int { self.seen.withLock { $0.bytes } }

    func note(_ request: Request) { self.seen.withLock { $0.requests.append(request) } }
    func note(bytes: Int) { self.seen.withLock { $0.bytes += bytes } }
}

/// The peer's end of one connection.
package final class Line: Sendable {
    /// 0 for the first connection the peer got.
    package let index: Int
    private let descriptor: Int32
    private let peer: Peer
    private let isOpen = Mutex(true)

    init(descriptor: Int32, index: Int, peer: Peer) {
        self.descriptor = descriptor
        self.index = index
        self.peer = peer
    }

    /// Reads one request with its whole body; nil when the other side ended first.
    @discardableResult package func request() -> Peer.Request? {
        guard let head = self.head() else { return nil }
        let length = head.split(whereSeparator: \.isNewline).lazy.map { $0.lowercased() }.first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        var body: [UInt8] = []
        while body.count < length ?? 0 {
            guard let more = self.read(limit: length! - body.count) else { return nil }
            body += more
        }
        let request = Peer.Request(head: head, body: body)
        self.peer.note(request)
        return request
    }

    /// Reads up to the empty line.
    package func head() -> String? {
        var bytes: [UInt8] = []
        while !bytes.reversed().starts(with: [0x0a, 0x0d, 0x0a, 0x0d]) {
            guard let byte = self.read(limit: 1) else { return nil }
            bytes += byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads one line, without its end; nil when the other side ended first.
    package func readLine() -> String? {
        var bytes: [UInt8] = []
        while bytes.last != 0x0a {
            guard let byte = self.read(limit: 1) else { return nil }
            bytes += byte
        }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// Reads so many bytes or fewer.
    package func skip(_ count: Int) { _ = self.read(limit: count) }

    /// Reads until the other side ends.
    package func drain() { while self.read(limit: 65_536) != nil {} }

    private func read(limit: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(self.descriptor, &buffer, limit, 0)
        guard count > 0 else { return nil }
        self.peer.note(bytes: count)
        return Array(buffer[..<count])
    }

    /// False once the other side has gone.
    @discardableResult package func write(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Answers and keeps the connection.
    package func answer(_ status: String = "200 OK", headers: [String] = [], body: String = "") {
        self.write((["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers).joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Ends with a reset instead of a goodbye.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        self.close()
    }

    package func close() {
        self.isOpen.withLock { isOpen in
            if isOpen { Glibc.close(self.descriptor) }
            isOpen = false
        }
    }
}
