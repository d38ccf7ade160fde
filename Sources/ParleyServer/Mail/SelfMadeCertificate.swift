import COpenSSL
import Foundation

/// A certificate that nobody vouches for: enough to try STARTTLS on one's own machine.
struct SelfMadeCertificate: Sendable {
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible { var description = "OpenSSL could not make a certificate" }

    /// PEM.
    let certificate: String
    let key: String

    /// - Parameter host: a DNS name, or an IPv4 address.
    init(host: String, days: Int = 3650) throws(Failure) {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { throw Failure() }
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_keygen(context, &made) == 1, let pair = made
        else { throw Failure() }
        defer { EVP_PKEY_free(pair) }
        guard let certificate = X509_new() else { throw Failure() }
        defer { X509_free(certificate) }
        let name = X509_get_subject_name(certificate)
        let isAddress = host.wholeMatch(of: /\d+\.\d+\.\d+\.\d+/) != nil
        guard X509_set_version(certificate, 2) == 1,
            ASN1_INTEGER_set(X509_get_serialNumber(certificate), .random(in: 1...Int(Int32.max))) == 1,
            X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil,
            X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400 * days) != nil,
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, host, -1, -1, 0) == 1, X509_set_issuer_name(certificate, name) == 1,
            X509_set_pubkey(certificate, pair) == 1,
            let names = X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, isAddress ? "IP:\(host)" : "DNS:\(host)")
        else { throw Failure() }
        defer { X509_EXTENSION_free(names) }
        guard X509_add_ext(certificate, names, -1) == 1, X509_sign(certificate, pair, EVP_sha256()) > 0 else { throw Failure() }
        self.certificate = try Self.text { PEM_write_bio_X509($0, certificate) }
        self.key = try Self.text { PEM_write_bio_PKCS8PrivateKey($0, pair, nil, nil, 0, nil, nil) }
    }

    private static func text(_ write: (OpaquePointer) -> Int32) throws(Failure) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { throw Failure() }
        defer { BIO_free(memory) }
        guard write(memory) == 1 else { throw Failure() }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = BIO_read(memory, &bytes, Int32(bytes.count))
        guard count > 0 else { throw Failure() }
        return String(decoding: bytes[..<Int(count)], as: UTF8.self)
    }
}
