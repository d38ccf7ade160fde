import Logging
import SMTP

extension Settings {
    /// Everything wrong with the values that were given, one sentence each with its place; what was not given is no mistake.
    package var mistakes: [String] {
        let values: [(SettingName, () throws -> Any?)] = [
            (.databaseURL, { try self.databaseURL }), (.masterKey, { try self.sealer }), (.masterKeyFile, { try self.sealer }),
            (.httpListen, { try self.httpListen }), (.workListen, { try self.workListen }), (.smtpListen, { try self.smtpListen }),
            (.publicURL, { try self.publicURL }), (.egressAllow, { try self.egress }), (.logLevel, { try self.logLevel }),
            (.poolSize, { try self.poolSize }), (.graceSeconds, { try self.grace }), (.home, { try self.home }),
            (.smtpProtocol, { try self.smtp }), (.smtpAuth, { try self.smtp }), (.smtpHostname, { try self.smtp }),
            (.smtpMaxBytes, { try self.smtp }), (.smtpCertificate, { try self.certificate }), (.smtpKey, { try self.certificate }),
        ]
        var mistakes: [String] = []
        for (name, value) in values where self.isGiven(name) {
            do { _ = try value() } catch  where !mistakes.contains("\(error)") { mistakes.append("\(error)") } catch {}
        }
        return mistakes
    }

    private var certificate: CertificateFiles? {
        get throws(ConfigurationError) { try self.smtpCertificate(logger: Logger(label: "parley")) }
    }
}
