-- Why:   a visitor who signs in keeps what was written before; live readers of `events` must know how far ids have been taken.
-- Locks: a new table; ACCESS EXCLUSIVE on the sequence for an instant.
-- Undo:  DROP TABLE webchat_visitors; REVOKE SELECT ON SEQUENCE events_id_seq FROM parley_app;

-- Anonymous visitors whose browser proved, later, whose it is: the first proof stays, so nobody else joins them.
CREATE TABLE webchat_visitors (
    workspace_id uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    visitor      text        NOT NULL,  -- the anonymous address: 32 hex digits
    user_address text        NOT NULL,  -- user:ID
    joined_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webchat_visitors_pkey PRIMARY KEY (workspace_id, channel_id, visitor),
    CONSTRAINT webchat_visitors_channel_known FOREIGN KEY (workspace_id, channel_id)
        REFERENCES channels (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX webchat_visitors_by_user ON webchat_visitors (workspace_id, channel_id, user_address);
SELECT guard_workspace('webchat_visitors');

GRANT SELECT ON SEQUENCE events_id_seq TO parley_app;
