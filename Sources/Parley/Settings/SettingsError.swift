/// One thing wrong with a channel's settings or its policy. Tells no value: it may be a secret.
package struct SettingsError: Error, Hashable, Sendable {
    package enum Code: String, Sendable, CaseIterable {
        case unknownField = "unknown_field"
        case required
        case wrongType = "wrong_type"
        case badFormat = "bad_format"
        case tooLong = "too_long"
        case controlCharacter = "control_character"
        case budgetExceeded = "budget_exceeded"
        case schemeNotAllowed = "scheme_not_allowed"
        case outOfRange = "out_of_range"
        case invalidChoice = "invalid_choice"
    }
    /// Into the settings or the policy: `/auth_token`.
    package var pointer: String
    package var code: Code
    package var detail: String
}

/// Everything wrong with a channel's settings or its policy, by name.
package struct SettingsErrors: Error, Hashable, Sendable { package var errors: [SettingsError] }
