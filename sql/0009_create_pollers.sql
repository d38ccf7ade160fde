-- Why:   some providers call nobody and must be asked (an IMAP mailbox, getUpdates): who asks next, and from where on, must survive.
-- Locks: a new table; SHARE ROW EXCLUSIVE on channels while the foreign key is added.
-- Undo:  DROP TABLE pollers;  (every channel is asked from its beginning again)

-- One row for each channel that is asked. Whoever asks claims the row for a while by moving `due_at`; what it brought is written
-- together with the cursor, and only while the claim still is its own.
CREATE TABLE pollers (
    workspace_id uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    cursor       jsonb,                             -- where to go on, in the adapter's own words; null: from the beginning
    due_at       timestamptz NOT NULL DEFAULT now(), -- infinity: the channel's settings say that it is not asked
    claim        bigint      NOT NULL DEFAULT 0,    -- rises with each claim: the fencing token
    failures     integer     NOT NULL DEFAULT 0,    -- in a row
    error        text,                              -- of the last that failed: fixed words, no text of a message
    polled_at    timestamptz,                       -- the last that went well
    seen_at      timestamptz NOT NULL,              -- channels.updated_at as it was then: a change makes the channel due
    CONSTRAINT pollers_pkey PRIMARY KEY (workspace_id, channel_id),
    CONSTRAINT pollers_channel_known FOREIGN KEY (workspace_id, channel_id) REFERENCES channels (workspace_id, id) ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX pollers_due ON pollers (due_at);
SELECT guard_workspace('pollers');
