/// The numbers of a line, by what stands between them: `2026`, `02.03.26`, `9:14`, `9h14`, `2026年3月2日`.
struct LineNumbers {
    var hasDate = false
    var hasTime = false

    init(_ text: String) {
        var digits = 0
        var value = 0
        var groups: [(digits: Int, value: Int, after: Character?)] = []
        for character in text {
            if let digit = character.wholeNumberValue, character.isNumber, digit <= 9, digits < 6 {
                (digits, value) = (digits + 1, value * 10 + digit)
            } else {
                if digits > 0 { groups.append((digits, value, character)) }
                (digits, value) = (0, 0)
            }
            if groups.count > 40 { break }
        }
        if digits > 0 { groups.append((digits, value, nil)) }
        for (index, group) in groups.enumerated() {
            if group.digits == 4, 1970...2100 ~= group.value { self.hasDate = true }
            let next = index + 1 < groups.count ? groups[index + 1] : nil
            if let next, let after = group.after {
                if ":.h時时시点".contains(after), group.value < 24, next.digits == 2, next.value < 60 { self.hasTime = true }
                if "./-".contains(after), group.value <= 31, next.value <= 31, index + 2 < groups.count, next.after == after,
                    [2, 4].contains(groups[index + 2].digits)
                {
                    self.hasDate = true
                }
            }
        }
    }
}
