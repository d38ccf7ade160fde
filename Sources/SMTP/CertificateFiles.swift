import Glibc
package import Logging
package import NIOSSL
import Synchronization

/// A certificate and its key, read again when their files change: a renewed one needs no restart.
package final class CertificateFiles: Sendable {
    /// What tells that a file is another than it was.
    private struct Stamp: Equatable {
        var seconds = 0
        var nanoseconds = 0
        var inode: UInt = 0

        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            self.seconds = status.st_mtim.tv_sec
            self.nanoseconds = status.st_mtim.tv_nsec
            self.inode = status.st_ino
        }
    }
    private struct Loaded {
        var context: NIOSSLContext
        var stamps: [Stamp]
    }
    private let certificate: String
    private let key: String
    private let logger: Logger
    private let loaded: Mutex<Loaded>

    /// - Parameters:
    ///   - certificate: path of a PEM file, the server's certificate first and then those above it.
    ///   - key: path of its key, PEM.
    /// - Throws: what NIOSSL says when they cannot be read or do not belong together.
    package init(certificate: String, key: String, logger: Logger) throws {
        self.certificate = certificate
        self.key = key
        self.logger = logger
        let stamps = [Stamp(certificate), Stamp(key)]
        self.loaded = Mutex(Loaded(context: try Self.load(certificate, key), stamps: stamps))
    }

    /// As the files are now. While they cannot be read, as they were.
    package var context: NIOSSLContext {
        let stamps = [Stamp(self.certificate), Stamp(self.key)]
        return self.loaded.withLock { loaded in
            guard stamps != loaded.stamps else { return loaded.context }
            loaded.stamps = stamps
            do {
                loaded.context = try Self.load(self.certificate, self.key)
                self.logger.notice("certificate loaded anew")
            } catch {
                // The two files are rarely replaced in the same instant, so this may pass by itself.
                self.logger.error("certificate cannot be loaded, the old one stays", metadata: ["error": "\(error)"])
            }
            return loaded.context
        }
    }

    private static func load(_ certificate: String, _ key: String) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map(NIOSSLCertificateSource.certificate)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }
}
