extension ThreadingPlan {
    /// How often a change waits for its message before it is given up.
    package static let deferralLimit = 7
    /// Mails of one sender within ten minutes to one channel that may still be a person's.
    package static let mailsOfOneSender = 30

    /// Plans one batch.
    ///
    /// A function of its arguments and nothing else: no clock, no randomness of its own. Events of one conversation must stand in their order;
    /// how conversations are interleaved, and where one batch ends and the next begins, makes no difference to what comes of them.
    ///
    /// - Parameters:
    ///   - items: in the queue's order.
    ///   - known: what the database says of everything the items mention.
    ///   - ids: where new ids come from.
    package static func make(for items: [ThreadingItem], knowing known: ThreadingKnowledge, ids: inout MomentIDs) -> ThreadingPlan {
        var planner = ThreadingPlanner(known: known, ids: ids)
        for item in items {
            if let problem = planner.problem(of: item) { planner.plan.refusals[item.job] = problem }
        }
        let accepted = items.filter { planner.plan.refusals[$0.job] == nil }
        // Messages first: a change may stand before its message in the batch, and is no worse for waiting until the end of it.
        for item in accepted { planner.placeMessage(of: item) }
        for item in accepted { planner.applyRest(of: item) }
        ids = planner.ids
        return planner.finished()
    }
}
