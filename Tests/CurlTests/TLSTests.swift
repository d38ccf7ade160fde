import Curl
import Foundation
import Testing

@Suite struct TLSTests {
    @Test func `a certificate of a trusted authority is accepted`() async throws {
        let server = try TLSServer(certificate: .valid)
        let answer = try await HTTPClient.local(authorities: server.authority).send(HTTPTransfer(method: "GET", url: server.url))
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        (TLSServer.Certificate.selfSigned, "self-signed"), (.expired, "expired"), (.otherName, "subject name"),
    ])
    func `a certificate that proves nothing is refused before anything is sent`(certificate: TLSServer.Certificate, words: String)
        async throws
    {
        let server = try TLSServer(certificate: certificate)
        let error = await #expect(throws: TransferError.self) {
            try await HTTPClient.local(authorities: server.authority).send(.post(server.url))
        }
        #expect(error?.reason == .tls && error?.phase == .beforeSend)
        #expect(error?.detail.contains(words) == true)
    }

    @Test func `TLS older than 1.2 is refused`() async throws {
        let server = try TLSServer(certificate: .valid, options: ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        let error = await #expect(throws: TransferError.self) {
            try await HTTPClient.local(authorities: server.authority).send(.post(server.url))
        }
        #expect(error?.reason == .tls && error?.phase == .beforeSend)
    }
}

/// `openssl s_server` on a free port, with certificates made for the run.
final class TLSServer {
    enum Certificate: String, Sendable { case valid, selfSigned, expired, otherName }

    let url: String
    /// The file a client trusts; for `selfSigned` another authority's.
    let authority: String
    private let process = Process()
    private let folder: URL

    init(certificate: Certificate, options: [String] = []) throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "parley-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.authority = self.folder.appending(path: "authority.pem").path
        try Self.makeCertificates(certificate, in: self.folder)
        let output = Pipe()
        self.process.executableURL = URL(filePath: "/usr/bin/env")
        self.process.arguments =
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "server.pem", "-key", "server.key"] + options
        self.process.currentDirectoryURL = self.folder
        self.process.standardOutput = output
        self.process.standardError = FileHandle.nullDevice
        try self.process.run()
        // It says `ACCEPT 127.0.0.1:40123` once it listens.
        var said = ""
        while !said.contains(/ACCEPT [^\n]*\n/) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CocoaError(.fileReadUnknown) }
            said += String(decoding: more, as: UTF8.self)
        }
        let port = try #require(said.firstMatch(of: /ACCEPT .*:(\d+)/)).1
        self.url = "https://127.0.0.1:\(port)/"
    }

    deinit {
        // Not `terminate()`: the threads that tests run on block SIGTERM, and a child inherits that.
        kill(self.process.processIdentifier, SIGKILL)
        self.process.waitUntilExit()
        try? FileManager.default.removeItem(at: self.folder)
    }

    private static func makeCertificates(_ certificate: Certificate, in folder: URL) throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try self.openssl(["req", "-x509", "-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.pem"] + key, in: folder)
        let name = certificate == .otherName ? "DNS:other.test" : "IP:127.0.0.1"
        try "subjectAltName=\(name)\n".write(to: folder.appending(path: "names"), atomically: true, encoding: .utf8)
        try self.openssl(["req", "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"] + key.dropLast(2), in: folder)
        switch certificate {
        case .selfSigned:
            try self.openssl(
                ["x509", "-req", "-in", "server.csr", "-signkey", "server.key", "-extfile", "names", "-out", "server.pem"],
                in: folder
            )
        case .expired:
            try Data().write(to: folder.appending(path: "index"))
            try """
            [ca]
            default_ca = here
            [here]
            database = index
            new_certs_dir = .
            default_md = sha256
            policy = any
            rand_serial = yes
            [any]
            commonName = supplied
            """.write(to: folder.appending(path: "ca.conf"), atomically: true, encoding: .utf8)
            try self.openssl(
                [
                    "ca", "-batch", "-config", "ca.conf", "-notext", "-cert", "authority.pem", "-keyfile", "authority.key", "-in",
                    "server.csr",
                    "-extfile", "names", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-out", "server.pem",
                ],
                in: folder
            )
        case .valid, .otherName:
            try self.openssl(
                [
                    "x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
                    "-extfile", "names", "-out", "server.pem",
                ],
                in: folder
            )
        }
    }

    private static func openssl(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}
