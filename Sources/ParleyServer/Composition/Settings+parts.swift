package import Channels

/// What processes make of their settings.
extension Settings {
    /// Seals and opens channels' settings.
    package var sealer: Sealer {
        get throws(ConfigurationError) {
            let text = try self.masterKeyText
            do throws(Sealer.Failure) { return try Sealer(masterKey: text) } catch {
                throw ConfigurationError("\(self.masterKeySetting.rawValue): \(error)")
            }
        }
    }

    /// The adapters in `PARLEY_HOME`.
    package var adapters: AdapterRegistry {
        get throws(ConfigurationError) {
            let folder = try self.home.channels
            do throws(AdapterLoadError) { return try AdapterRegistry.load(from: folder) } catch {
                throw ConfigurationError("the adapters in \(folder) cannot be loaded:\n\(error)")
            }
        }
    }
}
