import Foundation
import Logging
import SMTP

/// What the SMTP listener is told.
extension Settings {
    var smtp: SMTPSettings {
        get throws(ConfigurationError) {
            var limits = SMTPLimits()
            limits.messageBytes = try self.number(.smtpMaxBytes, 65_536...268_435_456)
            limits.totalBytes = max(limits.totalBytes, 4 * limits.messageBytes)
            return SMTPSettings(
                hostname: try self.smtpHostname,
                dialect: try self.choice(.smtpProtocol),
                authentication: try self.choice(.smtpAuth),
                limits: limits
            )
        }
    }

    /// Our name in greetings and `Received:`: the public URL's host unless another is given.
    var smtpHostname: String {
        get throws(ConfigurationError) {
            let publicURL = try self.publicURL
            let name = self.text(.smtpHostname) ?? URL(string: publicURL)?.host ?? "localhost"
            guard name.wholeMatch(of: /[A-Za-z0-9.:\[\]-]{1,255}/) != nil else {
                throw self.problem(.smtpHostname, "must be a host's name")
            }
            return name
        }
    }

    /// Nil when none is given: then there is no STARTTLS.
    func smtpCertificate(logger: Logger) throws(ConfigurationError) -> CertificateFiles? {
        switch (self.text(.smtpCertificate), self.text(.smtpKey)) {
        case (nil, nil): return nil
        case (nil, _?): throw self.problem(.smtpCertificate, "is not set, but PARLEY_SMTP_KEY is")
        case (_?, nil): throw self.problem(.smtpKey, "is not set, but PARLEY_SMTP_CERTIFICATE is")
        case (let certificate?, let key?):
            do { return try CertificateFiles(certificate: certificate, key: key, logger: logger) } catch {
                throw self.problem(.smtpCertificate, "cannot be used with PARLEY_SMTP_KEY: both must be PEM files that belong together")
            }
        }
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: SettingName) throws(ConfigurationError) -> Choice {
        guard let choice = Choice(rawValue: self.text(name)?.lowercased() ?? "") else {
            throw self.problem(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
