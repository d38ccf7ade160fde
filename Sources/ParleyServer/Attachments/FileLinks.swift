import Channels
package import Foundation
import HTTPTypes
import HummingbirdCore
package import Parley
import Postgres

/// Public addresses of stored files: `{public URL}/files/{workspace}/{id}/{expiry}.{signature}/{filename}`.
///
/// Whoever has the link may read the file until the link ends; nobody can make one. Providers and visitors get them, who have no key.
package struct FileLinks: Sendable {
    /// What a link that holds leads to.
    package struct Target: Hashable, Sendable {
        package var workspace: WorkspaceID
        package var attachment: AttachmentID
        package var filename: String
        package var expiry: Date
    }

    /// At least so long, at most a day longer: links of one day are the same, so that browsers keep what they fetched.
    package static let days = 7
    /// Source: RFC 3986 section 2.3.
    static let unreserved = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    private let keys: TokenKeys
    private let publicURL: String

    package init(sealer: Sealer, publicURL: String) {
        self.keys = sealer.tokenKeys(for: "file link")
        self.publicURL = publicURL
    }

    package func url(of attachment: AttachmentID, named filename: String?, in workspace: WorkspaceID, at date: Date) -> String {
        let expiry = (Int(date.timeIntervalSince1970) / 86_400 + Self.days + 1) * 86_400
        let name = (filename ?? "").isEmpty ? "file" : filename ?? "file"
        let signature = Base64.encodeURL(self.keys.mac(Array("\(workspace)/\(attachment)/\(expiry)/\(name)".utf8), length: 16))
        let encoded = name.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? "file"
        return "\(self.publicURL)/files/\(workspace)/\(attachment)/\(expiry).\(signature)/\(encoded)"
    }

    /// The media with a link where it names one of our files.
    package func linked(_ media: Media, in workspace: WorkspaceID, at date: Date) -> Media {
        guard let attachment = media.attachment else { return media }
        var media = media
        media.url = self.url(of: attachment, named: media.filename, in: workspace, at: date)
        return media
    }

    /// Nil for a link that was not made here, was changed, or has ended.
    ///
    /// - Parameter ticket: `{expiry}.{signature}`
    package func target(workspace: String, attachment: String, ticket: String, filename: String, at date: Date) -> Target? {
        let sides = ticket.split(separator: ".", maxSplits: 1)
        guard sides.count == 2, let expiry = Int(sides[0]), let workspaceID = WorkspaceID(workspace), let id = AttachmentID(attachment),
            let mac = Base64.decodeURL(String(sides[1])),
            self.keys.verify(mac, of: Array("\(workspaceID)/\(id)/\(sides[0])/\(filename)".utf8), length: 16),
            Double(expiry) > date.timeIntervalSince1970
        else { return nil }
        return Target(
            workspace: workspaceID,
            attachment: id,
            filename: filename,
            expiry: Date(timeIntervalSince1970: Double(expiry))
        )
    }
}

extension FileLinks {
    /// A body as the API shows it: our files' addresses made absolute.
    func absolute(_ body: JSON) -> JSON {
        guard case .object(var members) = body, let media = members["media"]?.array else { return body }
        members["media"] = .array(
            media.map { item in
                guard case .object(var file) = item, let url = file["url"]?.string, url.hasPrefix("/v1/attachments/") else { return item }
                file["url"] = .string(self.publicURL + url)
                return .object(file)
            }
        )
        return .object(members)
    }
}
