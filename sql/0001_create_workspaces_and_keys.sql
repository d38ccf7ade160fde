-- Why:   every row belongs to a workspace; the API is opened by keys of one workspace.
-- Locks: new objects only.
-- Undo:  DROP TABLE idempotency, audit, api_keys, workspaces; DROP FUNCTION visible_workspace; DROP ROLE parley_app;

-- serve and work connect with `role=parley_app`: neither owner nor BYPASSRLS, so row level security holds for them.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parley_app') THEN
        CREATE ROLE parley_app NOLOGIN NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- roles are shared by all databases of a cluster
END $$;
GRANT parley_app TO CURRENT_USER;

-- `parley.workspace` is set per transaction: one workspace's id, or `*` for the workers, whose batches span workspaces.
CREATE FUNCTION visible_workspace(id uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('parley.workspace', true) = '*' OR id::text = current_setting('parley.workspace', true);

CREATE TABLE workspaces (
    id         uuid        NOT NULL PRIMARY KEY,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    workspace_id uuid        NOT NULL REFERENCES workspaces (id),
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    prefix       text        NOT NULL,  -- the first characters, to tell keys apart; never enough to use one
    hash         bytea       NOT NULL,  -- SHA-256 of the whole key: 256 random bits need no salt
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT api_keys_hash_unique UNIQUE (hash)
);

CREATE TABLE idempotency (
    workspace_id uuid        NOT NULL,
    key          text        NOT NULL,
    request_hash bytea       NOT NULL,
    status       smallint,              -- null while the first request runs
    headers      jsonb,
    body         bytea,                 -- sealed for the workspace (I14): one of them holds a new API key
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (workspace_id, key)
);

CREATE TABLE audit (
    workspace_id uuid        NOT NULL,
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT now(),
    actor        text        NOT NULL,  -- `key:0190…`, `cli:root`
    request_id   text,
    action       text        NOT NULL,
    target       text        NOT NULL,
    before       jsonb,
    after        jsonb,
    CONSTRAINT audit_pkey PRIMARY KEY (workspace_id, id)
);
