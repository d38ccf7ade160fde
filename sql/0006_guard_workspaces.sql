-- Why:   no row crosses workspaces (I9): row level security on every table that has workspaces, forced on the owner too.
-- Locks: ACCESS EXCLUSIVE on each table for an instant; they are new and empty.
-- Undo:  ALTER TABLE … NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY; DROP POLICY workspace ON …;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT c.table_name FROM information_schema.columns c WHERE c.table_schema = current_schema()
        AND c.column_name = 'workspace_id' LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY workspace ON %I USING (visible_workspace(workspace_id))', name);
    END LOOP;
END $$;
ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspaces FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON workspaces USING (visible_workspace(id));

DO $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO parley_app', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO parley_app', current_schema());
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO parley_app', current_schema());
END $$;
REVOKE UPDATE, DELETE ON audit FROM parley_app;  -- append-only (I23)
INSERT INTO lanes (lane, queue) SELECT lane, queue FROM generate_series(0, 63) AS lane, unnest(ARRAY['inbox', 'outbox', 'webhooks']) AS queue;
