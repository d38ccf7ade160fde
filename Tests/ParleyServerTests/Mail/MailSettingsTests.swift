import Foundation
import Logging
import SMTP
import Testing

@testable import ParleyServer

@Suite struct MailSettingsTests {
    @Test func `the SMTP listener has defaults for all, and its name from the public URL`() throws {
        let settings = try Settings(environment: ["PARLEY_PUBLIC_URL": "https://bridge.example/x"])
        let smtp = try settings.smtp
        #expect(smtp.hostname == "bridge.example" && smtp.dialect == .smtp && smtp.authentication == .off)
        #expect(smtp.limits.messageBytes == 26_214_400 && smtp.limits.totalBytes == 134_217_728)
        #expect(try settings.smtpCertificate(logger: Logger(label: "test")) === nil)
        let other = try Settings(environment: [
            "PARLEY_SMTP_HOSTNAME": "mx.example", "PARLEY_SMTP_PROTOCOL": "LMTP", "PARLEY_SMTP_AUTH": "required",
            "PARLEY_SMTP_MAX_BYTES": "100000000",
        ]).smtp
        #expect(other.hostname == "mx.example" && other.dialect == .lmtp && other.authentication == .required)
        #expect(other.limits.totalBytes == 400_000_000)
    }

    @Test(arguments: [
        ("PARLEY_SMTP_PROTOCOL", "uucp", "must be one of smtp, lmtp"),
        ("PARLEY_SMTP_AUTH", "maybe", "must be one of off, optional, required"),
        ("PARLEY_SMTP_MAX_BYTES", "12", "must be a number from 65536 to 268435456"),
        ("PARLEY_SMTP_HOSTNAME", "two words", "must be a host's name"),
    ])
    func `a bad value is told with its name`(name: String, value: String, rest: String) throws {
        let settings = try Settings(environment: [name: value])
        #expect(throws: ConfigurationError("\(name)=\(value) (environment) \(rest)")) { try settings.smtp }
    }

    @Test(arguments: [
        (["PARLEY_SMTP_CERTIFICATE": "/nowhere.crt"], "PARLEY_SMTP_KEY is not set, but PARLEY_SMTP_CERTIFICATE is"),
        (["PARLEY_SMTP_KEY": "/nowhere.key"], "PARLEY_SMTP_CERTIFICATE is not set, but PARLEY_SMTP_KEY is"),
        (
            ["PARLEY_SMTP_CERTIFICATE": "/nowhere.crt", "PARLEY_SMTP_KEY": "/nowhere.key"],
            "PARLEY_SMTP_CERTIFICATE=/nowhere.crt (environment) cannot be used with PARLEY_SMTP_KEY: both must be PEM files that belong together"
        ),
    ])
    func `a certificate needs its key, and both must be readable: at the start, and for who only checks`(
        environment: [String: String],
        mistake: String
    ) throws {
        let settings = try Settings(environment: environment)
        #expect(throws: ConfigurationError(mistake)) { try settings.smtpCertificate(logger: Logger(label: "test")) }
        #expect(settings.mistakes == [mistake])
    }
}
