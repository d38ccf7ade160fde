/// A whole answer, whatever its status: redirects are answers too, none is followed.
package struct HTTPAnswer: Hashable, Sendable {
    package var status: Int
    /// Names in lower case; a repeated header's values joined by `, `.
    package var headers: [String: String]
    package var body: [UInt8]
}
