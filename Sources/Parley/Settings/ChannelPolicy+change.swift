extension ChannelPolicy {
    /// One member as people give it: its name, and what may stand there.
    fileprivate struct Member {
        var name: String
        /// Takes a value over; what is wrong with it when it does not fit.
        var set: (inout ChannelPolicy, JSON) -> (code: SettingsError.Code, detail: String)?
        /// Takes over what another policy says.
        var copy: (inout ChannelPolicy, ChannelPolicy) -> Void
    }

    private static var members: [Member] {
        [
            .choice("verification", \.verification), .choice("ended", \.ended), .choice("strangers", \.strangers),
            .number("joinSubjectWithinDays", \.joinSubjectWithinDays, 0...365), .choice("unknown", \.unknown),
            .number("retryHeldAfter", \.retryHeldAfter, 1...604_800), .number("giveUpAfterHours", \.giveUpAfterHours, 1...720),
            .number("retentionDays", \.retentionDays, 1...365), .number("perSecond", \.perSecond, 1...100_000),
            .number("perRecipientSeconds", \.perRecipientSeconds, 0...3_600),
        ]
    }

    /// The policy with what is given laid over it, or everything that is wrong with that, each under its member's name.
    ///
    /// - Parameter standard: what a member goes back to that is given as null.
    package func changed(by given: [String: JSON], standard: ChannelPolicy = ChannelPolicy()) -> Result<ChannelPolicy, SettingsErrors> {
        var policy = self
        let members = Self.members
        let names = members.map(\.name)
        var errors = given.keys.filter { !names.contains($0) }.map { name in
            SettingsError(
                pointer: "/\(name)",
                code: .unknownField,
                detail: "there is no such member\(name.suggestion(of: names)); known are \(names.joined(separator: ", "))"
            )
        }
        for member in members {
            guard let value = given[member.name] else { continue }
            if value == .null {
                member.copy(&policy, standard)
            } else if let problem = member.set(&policy, value) {
                errors.append(SettingsError(pointer: "/\(member.name)", code: problem.code, detail: problem.detail))
            }
        }
        return errors.isEmpty ? .success(policy) : .failure(SettingsErrors(errors: errors.sorted { $0.pointer < $1.pointer }))
    }
}

extension ChannelPolicy.Member {
    /// - Parameter read: nil for what does not fit.
    private init<T>(
        _ name: String,
        _ path: WritableKeyPath<ChannelPolicy, T>,
        otherwise problem: (code: SettingsError.Code, detail: String),
        read: @escaping (JSON) -> T?
    ) {
        self.name = name
        self.set = { policy, value in
            guard let fitting = read(value) else { return problem }
            policy[keyPath: path] = fitting
            return nil
        }
        self.copy = { $0[keyPath: path] = $1[keyPath: path] }
    }

    fileprivate static func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ path: WritableKeyPath<ChannelPolicy, T>) -> Self
    where T.RawValue == String {
        let problem = "must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))"
        return Self(name, path, otherwise: (.invalidChoice, problem)) { $0.string.flatMap(T.init) }
    }

    fileprivate static func number(_ name: String, _ path: WritableKeyPath<ChannelPolicy, Int>, _ range: ClosedRange<Int>) -> Self {
        Self(name, path, otherwise: self.outOf(range)) { Self.number($0, in: range) }
    }

    fileprivate static func number(_ name: String, _ path: WritableKeyPath<ChannelPolicy, Int?>, _ range: ClosedRange<Int>) -> Self {
        Self(name, path, otherwise: self.outOf(range)) { json in Self.number(json, in: range).map { .some($0) } }
    }

    private static func number(_ json: JSON, in range: ClosedRange<Int>) -> Int? {
        json.int.flatMap { range.contains($0) ? $0 : nil }
    }

    private static func outOf(_ range: ClosedRange<Int>) -> (code: SettingsError.Code, detail: String) {
        (.outOfRange, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
}
