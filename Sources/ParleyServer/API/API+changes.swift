import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres
import Queue
import Synchronization

/// A request that changes something: written in one transaction with its audit rows and, where an Idempotency-Key came with it, its answer.
struct APIChange: Sendable {
    let call: APICall
    let claim: IdempotencyStore.Claim?

    init(_ call: APICall) throws(Problem) {
        self.call = call
        let key = call.request.method == .post ? try API.idempotencyKey(call.request) : nil
        self.claim = key.map { IdempotencyStore.Claim($0, call.request) }
    }
}

extension API {
    /// Works on calls of one workspace that share a transaction; each is answered or refused by itself, in their order.
    ///
    /// A refusal that is returned leaves the others and what was written for them as they are; one that is thrown undoes everything.
    typealias ChangeHandler = @Sendable ([APICall], Transaction) async throws -> [Result<APIAnswer, Problem>]

    /// A request that changes something, in a transaction of its own.
    ///
    /// - Parameters:
    ///   - names: the query parameters that it takes.
    ///   - limit: bytes of body, where the route takes files.
    func change(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        _ scope: Scope = .write,
        taking names: Set<String> = [],
        uploadingUpTo limit: Int? = nil,
        on routes: inout Routes,
        _ handler: @escaping @Sendable (APICall, Transaction) async throws -> APIAnswer
    ) {
        let upload = limit.map { Routes.Upload(limit: $0) { _ = try await self.admit($0, scope, taking: names) } }
        routes.on(method, pattern, upload: upload) { request in
            let change = try APIChange(try await self.admit(request, scope, taking: names))
            return try await self.commit([change]) { [.success(try await handler($0[0], $1))] }[0].get().response
        }
    }

    /// A change that many ask for at once: those of a workspace that wait at the same moment share one transaction.
    func changeTogether(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        _ scope: Scope = .write,
        on routes: inout Routes,
        _ handler: @escaping ChangeHandler
    ) {
        let gatherings = Gatherings { try await self.commit($0, handler) }
        routes.on(method, pattern) { request in
            let change = try APIChange(try await self.admit(request, scope))
            return try await gatherings[change.call.workspace](change).get().response
        }
    }

    /// A change that is made elsewhere and can be made again without harm; only its audit rows and its kept answer are a transaction here.
    ///
    /// No lock is held meanwhile, as that would take a connection: of two with one Idempotency-Key at once both may do it, and both get the answer of
    /// whoever ends first.
    func changeElsewhere(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        _ scope: Scope = .write,
        on routes: inout Routes,
        _ work: @escaping @Sendable (APICall) async throws -> APIAnswer
    ) {
        routes.on(method, pattern) { request in
            let change = try APIChange(try await self.admit(request, scope))
            if let known = try await self.known(change) { return try known.get().response }
            let outcome: Result<APIAnswer, Problem>
            do { outcome = .success(try await work(change.call)) } catch let problem as Problem { outcome = .failure(problem) }
            // Nothing to write, as when somebody types.
            if change.claim == nil, try outcome.get().audit.isEmpty { return KeptAnswer(try outcome.get()).response }
            return try await self.commit([change]) { _, _ in [outcome] }[0].get().response
        }
    }

    /// What is answered without any work, because of what came before with the same key.
    private func known(_ change: APIChange) async throws -> Result<KeptAnswer, Problem>? {
        guard change.claim != nil else { return nil }
        let workspace = change.call.workspace
        let standing = try await self.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            try await self.standings(of: [change], in: workspace, on: transaction)[0]
        }
        return switch standing {
        case .new: nil
        case .kept(let answer): .success(answer)
        case .refused(let problem): .failure(problem)
        }
    }

    /// One transaction for all. A refusal is an answer too: the same request gets the same one again.
    private func commit(_ changes: [APIChange], _ handler: ChangeHandler) async throws -> [Result<KeptAnswer, Problem>] {
        do {
            return try await self.pool.transaction(in: .workspace(changes[0].call.workspace.uuid)) { transaction in
                try await self.answer(changes, on: transaction, handler)
            }
        } catch let problem as Problem where changes.count == 1 {
            // What it had written is undone. The refusal is kept like any other.
            guard changes[0].claim != nil else { return [.failure(problem)] }
            return try await self.pool.transaction(in: .workspace(changes[0].call.workspace.uuid)) { transaction in
                try await self.answer(changes, on: transaction) { _, _ in [.failure(problem)] }
            }
        }
    }

    private func answer(
        _ changes: [APIChange],
        on transaction: Transaction,
        _ handler: ChangeHandler
    ) async throws -> [Result<KeptAnswer, Problem>] {
        let workspace = changes[0].call.workspace
        let standings = try await self.standings(of: changes, in: workspace, on: transaction)
        let open = zip(changes, standings).filter { $1.isNew }.map(\.0)
        let answers = open.isEmpty ? [] : try await handler(open.map(\.call), transaction)
        var outcomes = answers.map { $0.map(KeptAnswer.init) }[...]
        let kept = zip(open, outcomes).compactMap { change, outcome in
            change.claim.flatMap { claim in outcome.keeping(for: change.call.request).map { (claim, $0) } }
        }
        let audit = answers.flatMap { (try? $0.get())?.audit ?? [] }
        var statements: [SQL] = []
        if !audit.isEmpty { statements.append(AuditEntry.insertion(of: audit, in: workspace)) }
        if !kept.isEmpty { statements.append(try self.idempotency.insertion(of: kept, in: workspace)) }
        if !statements.isEmpty { _ = try await transaction.pipeline(statements) }
        if !open.isEmpty { transaction.notifyAfterCommit([EventFeed.notice]) }
        return standings.map { standing in
            switch standing {
            case .new: outcomes.removeFirst()
            case .kept(let answer): .success(answer)
            case .refused(let problem): .failure(problem)
            }
        }
    }

    private func standings(
        of changes: [APIChange],
        in workspace: WorkspaceID,
        on transaction: Transaction
    ) async throws -> [IdempotencyStore.Standing] {
        let claims = changes.compactMap(\.claim)
        guard !claims.isEmpty else { return changes.map { _ in .new } }
        var standings = try await self.idempotency.standings(of: claims, in: workspace, on: transaction)[...]
        return changes.map { $0.claim == nil ? .new : standings.removeFirst() }
    }

    static func idempotencyKey(_ request: IncomingRequest) throws(Problem) -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard 1...255 ~= key.utf8.count else {
            throw Problem(400, "bad_idempotency_key", "Bad Idempotency-Key", detail: "1 to 255 bytes.")
        }
        return key
    }
}

/// One gathering for each workspace, so that none waits for another's locks (I7).
private final class Gatherings: Sendable {
    typealias One = Gathering<APIChange, Result<KeptAnswer, Problem>, any Error>

    private let known = Mutex<[WorkspaceID: One]>([:])
    private let work: @Sendable ([APIChange]) async throws -> [Result<KeptAnswer, Problem>]

    init(_ work: @escaping @Sendable ([APIChange]) async throws -> [Result<KeptAnswer, Problem>]) { self.work = work }

    subscript(workspace: WorkspaceID) -> One {
        self.known.withLock { known in
            if let found = known[workspace] { return found }
            // Two at once: one plans while the other is flushed.
            let new = One(concurrent: 2, largest: 100, goesAlone: Self.goesAlone, work: self.work)
            known[workspace] = new
            return new
        }
    }

    /// One of a group is at fault, not the database. What may have happened is not tried again: without a key it would be done twice.
    private static func goesAlone(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return error is Problem }
        return !error.isUnavailable && !error.isCommitUnknown
    }
}

extension Result<KeptAnswer, Problem> {
    /// What the same request is to be answered again; nil for a refusal that holds only for now.
    fileprivate func keeping(for request: IncomingRequest) -> KeptAnswer? {
        switch self {
        case .success(let answer): return answer
        case .failure(let problem):
            guard problem.status < 500, problem.status != 429 else { return nil }
            let body = problem.json(instance: request.path, requestID: request.id).text
            return KeptAnswer(status: problem.status, contentType: "application/problem+json", body: Array(body.utf8))
        }
    }
}

extension KeptAnswer {
    fileprivate init(_ answer: APIAnswer) {
        self.init(
            status: answer.status.code,
            contentType: answer.body == nil ? nil : "application/json",
            location: answer.location,
            body: answer.body.map { Array($0.text.utf8) } ?? []
        )
    }
}

extension HTTPField.Name {
    static let idempotencyKey = Self("Idempotency-Key")!
}
