import Glibc
import NIOCore
import Synchronization

/// The open sessions of a server, so that there are never too many and all can be told to stop.
final class Sessions: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var peers: [String: Int] = [:]
        var isStopping = false
    }
    private let limits: SMTPLimits
    private let state = Mutex(State())

    init(limits: SMTPLimits) { self.limits = limits }

    /// What the client is sent away with; nil when it may stay.
    func admit(_ channel: any Channel, from address: String) -> SMTPReply? {
        let peer = Self.peer(address)
        return self.state.withLock { state in
            guard !state.isStopping else { return .stopping }
            guard state.channels.count < self.limits.sessions else { return .tooManySessions }
            guard state.peers[peer, default: 0] < self.limits.sessionsOfPeer else { return .tooManyFromPeer }
            state.channels[ObjectIdentifier(channel)] = channel
            state.peers[peer, default: 0] += 1
            return nil
        }
    }

    func leave(_ channel: any Channel, from address: String) {
        let peer = Self.peer(address)
        self.state.withLock { state in
            guard state.channels.removeValue(forKey: ObjectIdentifier(channel)) != nil else { return }
            state.peers[peer, default: 1] -= 1
            if state.peers[peer] == 0 { state.peers[peer] = nil }
        }
    }

    /// No further session is admitted. Returns those that are open.
    func beginStopping() -> [any Channel] {
        self.state.withLock { state in
            state.isStopping = true
            return Array(state.channels.values)
        }
    }

    /// Whoever has one IPv6 address has all of its /64.
    private static func peer(_ address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard !address.hasPrefix("::ffff:"), inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ".")
    }
}
