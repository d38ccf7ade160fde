-- Why:   people, their addresses, and one history over all channels.
-- Locks: new objects only. Each filter of a list reads one range of one index, however long the list is.
-- Undo:  DROP FUNCTION number_messages;
--        DROP TABLE events, messages, message_revisions, interactions, participants, conversations, contact_merges, identities, contacts;

CREATE TABLE contacts (
    workspace_id uuid        NOT NULL,
    id           uuid        NOT NULL,
    display_name text,
    attributes   jsonb       NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contacts_pkey PRIMARY KEY (workspace_id, id)
);

-- A merge moves identities to another contact and nothing else, so it can be undone; messages name the identity.
CREATE TABLE identities (
    workspace_id uuid        NOT NULL,
    id           uuid        NOT NULL,
    space        text        NOT NULL,
    address      text        NOT NULL,
    contact_id   uuid        NOT NULL,
    display_name text,
    proven       text        NOT NULL,  -- how: provider, given, token, …
    stopped_at   timestamptz,           -- the person asked for silence (STOP), or the provider says so
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT identities_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT identities_address_unique UNIQUE (workspace_id, space, address)
);
CREATE INDEX identities_by_contact ON identities (workspace_id, contact_id);
CREATE INDEX identities_by_address ON identities (workspace_id, address);

CREATE TABLE contact_merges (
    workspace_id uuid        NOT NULL,
    id           uuid        NOT NULL,
    from_contact uuid        NOT NULL,
    into_contact uuid        NOT NULL,
    identities   uuid[]      NOT NULL,  -- those that moved: what an un-merge moves back
    evidence     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    undone_at    timestamptz,
    CONSTRAINT contact_merges_pkey PRIMARY KEY (workspace_id, id)
);
CREATE INDEX contact_merges_by_source ON contact_merges (workspace_id, from_contact, id);
CREATE INDEX contact_merges_by_target ON contact_merges (workspace_id, into_contact, id);

CREATE TABLE conversations (
    workspace_id   uuid        NOT NULL,
    id             uuid        NOT NULL,
    channel_id     uuid        NOT NULL,
    thread_key     text        NOT NULL,  -- what finds it again: an address, or the provider's thread
    identity_id    uuid,                  -- whom it is with
    reply_to       text,                  -- where answers go when that is not the identity's address
    thread         text,                  -- the provider's name for the thread
    name           text,
    status         text        NOT NULL DEFAULT 'active',
    last_seq       bigint      NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    ended_at       timestamptz,
    CONSTRAINT conversations_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT conversations_status_known CHECK (status IN ('active', 'ended', 'archived'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX conversations_one_open ON conversations (workspace_id, channel_id, thread_key) WHERE status = 'active';
CREATE INDEX conversations_by_status ON conversations (workspace_id, status, id);
CREATE INDEX conversations_by_channel ON conversations (workspace_id, channel_id, id);
CREATE INDEX conversations_by_identity ON conversations (workspace_id, identity_id, id);
CREATE INDEX conversations_ended ON conversations (workspace_id, channel_id, thread_key, id) WHERE status <> 'active';

CREATE TABLE participants (
    workspace_id    uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    id              uuid        NOT NULL,
    type            text        NOT NULL,  -- contact, key
    identity_id     uuid,
    key_id          uuid,
    status          text        NOT NULL DEFAULT 'active',
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT participants_pkey PRIMARY KEY (workspace_id, conversation_id, id),
    CONSTRAINT participants_identity_once UNIQUE (workspace_id, conversation_id, identity_id),
    CONSTRAINT participants_key_once UNIQUE (workspace_id, conversation_id, key_id)
);

-- Never updated on the way of a message: what changes stands in deliveries; edits and deletions in message_revisions.
CREATE TABLE messages (
    workspace_id    uuid        NOT NULL,
    id              uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    seq             bigint      NOT NULL,  -- 1, 2, 3, … in the conversation, without a gap
    channel_id      uuid        NOT NULL,
    identity_id     uuid,                  -- the person's side, whichever direction
    direction       text        NOT NULL,
    external_id     text,                  -- inbound: the provider's id
    sender_key_id   uuid,                  -- outbound: the API key that sent it
    body            jsonb       NOT NULL,  -- Body
    why             jsonb       NOT NULL,  -- rule, evidence, candidates refused
    is_automatic    boolean     NOT NULL DEFAULT false,
    wants_no_answer boolean     NOT NULL DEFAULT false,  -- of a machine: it is automatic, list mail, a bounce, or asks for silence
    request_id      uuid,                  -- inbound: its bytes in inbound_requests
    sent_at         timestamptz,           -- inbound: when the provider says it was written
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT messages_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT messages_seq_unique UNIQUE (workspace_id, conversation_id, seq),
    CONSTRAINT messages_direction_known CHECK (direction IN ('inbound', 'outbound'))
);
CREATE UNIQUE INDEX messages_external_once ON messages (workspace_id, channel_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX messages_by_identity ON messages (workspace_id, identity_id, id);
CREATE INDEX messages_by_channel ON messages (workspace_id, channel_id, id);
CREATE INDEX messages_by_direction ON messages (workspace_id, direction, id);

-- Takes a conversation's next numbers: `before` + 1 is the first. The row lock holds until the commit, so numbers have no gap and follow the order of
-- commits. Whoever numbers several conversations goes by (workspace_id, id), so that no two wait for each other.
-- SQLSTATE PQ002 when it is gone or no longer open: whoever chose it must choose again.
CREATE FUNCTION number_messages(of_workspace uuid, of_conversation uuid, messages bigint, OUT before bigint, OUT identity uuid)
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations c SET last_seq = c.last_seq + messages, updated_at = now()
        WHERE c.workspace_id = of_workspace AND c.id = of_conversation AND c.status = 'active'
        RETURNING c.last_seq - messages, c.identity_id INTO before, identity;
    IF NOT FOUND THEN RAISE EXCEPTION 'conversation not open' USING ERRCODE = 'PQ002'; END IF;
END $$;

CREATE TABLE message_revisions (
    workspace_id uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    revision     text        NOT NULL,
    kind         text        NOT NULL,  -- edit, deletion
    text         text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT message_revisions_pkey PRIMARY KEY (workspace_id, message_id, revision)
);

CREATE TABLE interactions (
    workspace_id uuid        NOT NULL,
    id           uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    identity_id  uuid        NOT NULL,
    external_id  text,
    type         text        NOT NULL,
    fields       jsonb       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT interactions_pkey PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX interactions_external_once ON interactions (workspace_id, channel_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX interactions_by_identity ON interactions (workspace_id, identity_id, id);
CREATE INDEX interactions_by_channel ON interactions (workspace_id, channel_id, id);

-- The one feed. Readers stay below pg_snapshot_xmin, so an event that commits late is never skipped.
CREATE TABLE events (
    workspace_id    uuid        NOT NULL,
    xid             xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    type            text        NOT NULL,
    conversation_id uuid,
    message_id      uuid,
    data            jsonb       NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_pkey PRIMARY KEY (workspace_id, id)
);
