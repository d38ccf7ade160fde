import Channels
package import Foundation
package import Parley

/// Seals secrets for the database with AES-256-GCM, and opens them again.
///
/// Several master keys may be given: the first seals, all open. So a key is rotated by putting a new one in front, letting every
/// row be written again, and dropping the old one; at no moment is there a row that nobody can open.
package struct Sealer: Sendable {
    /// Why the master key, or a sealed value, is of no use. Holds no key and no plain text.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case badKey(position: Int)
        case duplicateKeyID(String)
        /// Sealed with a key that is not among ours.
        case unknownKey(String)
        /// Changed, cut, or sealed for something else.
        case damaged

        package var description: String {
            switch self {
            case .badKey(let position): "key \(position) of the master key is not id:base64 of 32 bytes"
            case .duplicateKeyID(let id): "the master key gives the id \(id) twice"
            case .unknownKey(let id): "sealed with the master key \(id), which was not given"
            case .damaged: "the sealed value is damaged or belongs to something else"
            }
        }
    }

    private static let format: UInt8 = 1
    private let current: String
    private let keys: [String: [UInt8]]

    /// - Parameter text: `id:base64,id:base64,…`, each 32 bytes; one key may come without an id.
    package init(masterKey text: String) throws(Failure) {
        var keys: [String: [UInt8]] = [:]
        var first: String?
        for (index, part) in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).enumerated() {
            let sides = part.split(separator: ":", maxSplits: 1)
            let (id, encoded) = sides.count == 2 ? (String(sides[0]), sides[1]) : ("default", part)
            guard 1...64 ~= id.utf8.count, let key = Data(base64Encoded: String(encoded)), key.count == 32 else {
                throw .badKey(position: index + 1)
            }
            guard keys.updateValue([UInt8](key), forKey: id) == nil else { throw .duplicateKeyID(id) }
            first = first ?? id
        }
        guard let first else { throw .badKey(position: 1) }
        self.current = first
        self.keys = keys
    }

    /// - Parameter owner: the id of the row the secret belongs to; a box moved to another row does not open.
    /// - Returns: format (1 byte), length of the key's id (1 byte), the id, the box.
    package func seal(_ plain: [UInt8], for owner: UUID) throws -> [UInt8] {
        let id = Array(self.current.utf8)
        return [Self.format, UInt8(id.count)] + id + (try Crypto.seal(plain, key: self.keys[self.current]!, context: Self.context(owner)))
    }

    package func open(_ sealed: [UInt8], for owner: UUID) throws -> [UInt8] {
        guard sealed.count > 2, sealed[0] == Self.format, sealed.count > 2 + Int(sealed[1]) else { throw Failure.damaged }
        let id = String(decoding: sealed[2..<(2 + Int(sealed[1]))], as: UTF8.self)
        guard let key = self.keys[id] else { throw Failure.unknownKey(id) }
        let box = Array(sealed[(2 + Int(sealed[1]))...])
        guard let plain = try Crypto.open(box, key: key, context: Self.context(owner)) else { throw Failure.damaged }
        return plain
    }

    /// Keys for one purpose, one of each master key: what they sign holds as long as its master key is given.
    package func tokenKeys(for purpose: String) -> TokenKeys {
        func derived(_ key: [UInt8]) -> [UInt8] { Crypto.hmac(.sha256, key: key, Array("parley \(purpose)".utf8)) }
        let older = self.keys.filter { $0.key != self.current }.sorted { $0.key < $1.key }
        return TokenKeys(derived(self.keys[self.current]!), older: older.map { derived($0.value) })
    }

    package func tokenKeys(of channel: ChannelID) -> TokenKeys { self.tokenKeys(for: "channel token \(channel)") }

    private static func context(_ owner: UUID) -> [UInt8] { Array(owner.uuidString.lowercased().utf8) }
}
