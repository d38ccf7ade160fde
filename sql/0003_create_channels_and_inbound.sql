-- Why:   a channel is one account on a provider; what its provider sends is kept as it came, and counted once.
-- Locks: new objects only.
-- Undo:  DROP TABLE inbound_keys, inbound_requests, channels;

CREATE TABLE channels (
    workspace_id uuid        NOT NULL REFERENCES workspaces (id),
    id           uuid        NOT NULL,
    adapter      text        NOT NULL,
    name         text        NOT NULL,
    settings     bytea       NOT NULL,  -- sealed JSON: key id, nonce, AES-256-GCM
    policy       jsonb       NOT NULL,  -- verification, unknown, ended, strangers: see ChannelPolicy
    status       text        NOT NULL DEFAULT 'active',
    status_why   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT channels_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT channels_id_unique UNIQUE (id),  -- hooks name the channel alone
    CONSTRAINT channels_status_known CHECK (status IN ('active', 'degraded', 'disabled'))
);

-- The bytes as received, kept 7 days by default, so that an adapter can be mended and the request replayed.
CREATE TABLE inbound_requests (
    workspace_id uuid        NOT NULL,
    id           uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    request      bytea       NOT NULL,  -- HookRequest as JSON: method, url, route, headers, body in base64
    outcome      text        NOT NULL,  -- accepted, ignored, quarantined
    detail       text,
    received_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbound_requests_pkey PRIMARY KEY (workspace_id, id)
);
-- By id is by age (UUIDv7): for lists, and for each channel's own retention.
CREATE INDEX inbound_requests_by_channel ON inbound_requests (workspace_id, channel_id, id);
CREATE INDEX inbound_requests_set_aside ON inbound_requests (workspace_id, outcome, id) WHERE outcome <> 'accepted';

-- One provider event is one event (I2): the primary key is the promise, kept as long as the bytes.
CREATE TABLE inbound_keys (
    workspace_id uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    key          text        NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbound_keys_pkey PRIMARY KEY (workspace_id, channel_id, key)
);
