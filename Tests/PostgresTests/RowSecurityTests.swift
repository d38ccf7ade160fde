import Foundation
import Postgres
import TestSupport
import Testing

/// No row crosses workspaces (I9), whatever a query forgets to ask for.
@Suite(.database) struct RowSecurityTests {
    private var tables: [String] {
        get async throws {
            try await Connection.open(TestDatabase.current.ownerSettings).query(
                """
                SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
                WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1
                """
            ).map { try $0.value("name") }
        }
    }

    @Test func `every table that has workspaces is guarded, its owner included`() async throws {
        let unguarded = try await Connection.open(TestDatabase.current.ownerSettings).query(
            """
            SELECT c.relname AS name FROM pg_class c
            WHERE c.relname = ANY(\(try await self.tables + ["workspaces"])) AND c.relnamespace = 'public'::regnamespace
                AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
            """
        )
        #expect(try unguarded.map { try $0.value("name", as: String.self) } == [])
        #expect(try await self.tables.count > 10)
    }

    @Test func `the product's role owns nothing and cannot step around the guard`() async throws {
        let row = try await TestDatabase.current.pool.query(
            """
            SELECT current_user::text AS name, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole AS mighty,
                EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid) AS owns
            FROM pg_roles r WHERE r.rolname = current_user
            """
        )[0]
        #expect(try row.value("name") == "parley_app")
        #expect(try row.value("mighty") == false)
        #expect(try row.value("owns") == false)
    }

    @Test func `two workspaces never see each other, and without one nothing is seen`() async throws {
        let pool = TestDatabase.current.pool
        let (mine, theirs) = (UUID(), UUID())
        for id in [mine, theirs] {
            let contact: SQL = "INSERT INTO contacts (workspace_id, id) VALUES (\(id), \(UUID()))"
            _ = try await pool.pipeline(in: .workspace(id), ["INSERT INTO workspaces (id, name) VALUES (\(id), 'w')", contact])
        }
        let count: SQL = "SELECT (SELECT count(*) FROM workspaces) AS workspaces, (SELECT count(*) FROM contacts) AS contacts"
        for (scope, expected) in [(.workspace(mine), 1), (.workspace(theirs), 1), (.workspace(UUID()), 0), (.all, 2)]
            as [(WorkspaceScope, Int)]
        {
            let row = try await pool.query(in: scope, count)[0]
            #expect(try row.value("workspaces") == expected)
            #expect(try row.value("contacts") == expected)
        }
        #expect(try await pool.query(count)[0].value("contacts") == 0)
        #expect(try await pool.pipeline(in: .workspace(mine), ["UPDATE contacts SET display_name = 'x' RETURNING id"])[0].count == 1)
        #expect(
            try await pool.pipeline(in: .workspace(mine), ["DELETE FROM contacts WHERE workspace_id = \(theirs) RETURNING id"])[0].isEmpty
        )
    }

    @Test func `a row cannot be written into, or moved to, another workspace`() async throws {
        let pool = TestDatabase.current.pool
        let (mine, theirs) = (UUID(), UUID())
        let smuggled: [SQL] = [
            "INSERT INTO contacts (workspace_id, id) VALUES (\(theirs), \(UUID()))",
            "UPDATE contacts SET workspace_id = \(theirs)",
        ]
        _ = try await pool.pipeline(in: .workspace(mine), ["INSERT INTO contacts (workspace_id, id) VALUES (\(mine), \(UUID()))"])
        for statement in smuggled {
            let error = await #expect(throws: PostgresError.self) { try await pool.pipeline(in: .workspace(mine), [statement]) }
            #expect(error?.code == .insufficientPrivilege)
        }
    }

    @Test func `the audit trail can be added to and not changed`() async throws {
        let pool = TestDatabase.current.pool
        let mine = UUID()
        let entry: SQL = "INSERT INTO audit (workspace_id, actor, action, target) VALUES (\(mine), 'a', 'b', 'c')"
        _ = try await pool.pipeline(in: .workspace(mine), [entry])
        for statement in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] as [SQL] {
            let error = await #expect(throws: PostgresError.self) { try await pool.pipeline(in: .workspace(mine), [statement]) }
            #expect(error?.code == .insufficientPrivilege)
        }
    }
}
