-- Why:   mails bring files that must stay, come to addresses that name a channel, and say by ids and subjects where they belong.
-- Locks: new tables; ACCESS EXCLUSIVE on conversations for an instant (columns without a rewrite), SHARE while its new index is built.
-- Undo:  DROP TABLE attachments, mailboxes, thread_references, mail_references; ALTER TABLE conversations DROP COLUMN base_subject, linked_to, flags;
--        DROP FUNCTION guard_workspace;

-- What 0006 did for the tables of its time, for each one made since.
CREATE FUNCTION guard_workspace(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY workspace ON %s USING (visible_workspace(workspace_id))', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO parley_app', name);
END $$;
REVOKE EXECUTE ON FUNCTION guard_workspace FROM PUBLIC;

-- Named by their content: the same bytes are one row, however often they come.
CREATE TABLE attachments (
    workspace_id  uuid        NOT NULL REFERENCES workspaces (id),
    id            uuid        NOT NULL,  -- UUIDv8 of the first 16 bytes of `sha256`
    sha256        bytea       NOT NULL,
    content_type  text        NOT NULL,  -- as the bytes say
    declared_type text,                  -- as the first sender said
    filename      text,
    size          bigint      NOT NULL,
    bytes         bytea       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attachments_pkey PRIMARY KEY (workspace_id, id)
);
ALTER TABLE attachments ALTER COLUMN bytes SET STORAGE EXTERNAL;  -- most files are compressed already
SELECT guard_workspace('attachments');

-- Where mail comes in: RCPT TO must be answered without opening any channel's settings.
CREATE TABLE mailboxes (
    workspace_id uuid NOT NULL,
    channel_id   uuid NOT NULL,
    address      text NOT NULL,  -- user@domain in lower case, or @domain for every address of it
    CONSTRAINT mailboxes_pkey PRIMARY KEY (workspace_id, channel_id, address),
    CONSTRAINT mailboxes_address_unique UNIQUE (address),
    CONSTRAINT mailboxes_channel_known FOREIGN KEY (workspace_id, channel_id) REFERENCES channels (workspace_id, id) ON DELETE CASCADE
);
-- RCPT TO of a stranger's domain is answered otherwise than of an unknown mailbox in one of ours, and both must be quick.
CREATE INDEX mailboxes_by_domain ON mailboxes (split_part(address, '@', 2));
SELECT guard_workspace('mailboxes');

-- Every Message-ID a mail bears or names, and the conversation it leads to: replies come before their originals.
CREATE TABLE thread_references (
    workspace_id    uuid        NOT NULL,
    channel_id      uuid        NOT NULL,
    reference       text        NOT NULL,
    conversation_id uuid        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT thread_references_pkey PRIMARY KEY (workspace_id, channel_id, reference)
);
SELECT guard_workspace('thread_references');

-- What a received mail named before itself: an answer names it again, also what is older than the conversation (RFC 5322 section 3.6.4).
CREATE TABLE mail_references (
    workspace_id uuid NOT NULL,
    message_id   uuid NOT NULL,
    ids          text NOT NULL,  -- as in its header: oldest first, with spaces between
    CONSTRAINT mail_references_pkey PRIMARY KEY (workspace_id, message_id)
);
SELECT guard_workspace('mail_references');

ALTER TABLE conversations
    ADD COLUMN base_subject text,
    ADD COLUMN linked_to    uuid,                         -- the conversation this one belongs beside: its opener may not read that one
    ADD COLUMN flags        text[] NOT NULL DEFAULT '{}'; -- sender_mismatch
CREATE INDEX conversations_linked ON conversations (workspace_id, linked_to, id) WHERE linked_to IS NOT NULL;
-- A subject is looked up among its sender's own conversations: those of everybody who ever wrote "Hello" are too many.
CREATE INDEX conversations_by_sender ON conversations (workspace_id, identity_id, channel_id, base_subject, id) WHERE base_subject IS NOT NULL;
