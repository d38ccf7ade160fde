-- Why:   what became of each outbound message, part by part, try by try.
-- Locks: new objects only.
-- Undo:  DROP TABLE receipts_unmatched, attempts, delivery_parts, deliveries, send_budgets, breakers;

-- Narrow and updated in place (HOT): no index on a column that changes.
CREATE TABLE deliveries (
    workspace_id       uuid        NOT NULL,
    id                 uuid        NOT NULL,
    message_id         uuid        NOT NULL,
    conversation_id    uuid        NOT NULL,
    channel_id         uuid        NOT NULL,
    address            text        NOT NULL,
    state              text        NOT NULL DEFAULT 'queued',
    reason             text,
    detail             text,
    possible_duplicate boolean     NOT NULL DEFAULT false,
    degradations       text[]      NOT NULL DEFAULT '{}',
    attempts           smallint    NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT deliveries_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT deliveries_message_unique UNIQUE (workspace_id, message_id, id),
    CONSTRAINT deliveries_state_known CHECK
        (state IN ('queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', 'failed', 'held', 'cancelled'))
) WITH (fillfactor = 60);

CREATE TABLE delivery_parts (
    workspace_id uuid        NOT NULL,
    delivery_id  uuid        NOT NULL,
    part         smallint    NOT NULL,  -- 1 for the first
    state        text        NOT NULL,
    external_id  text,                  -- what receipts will name
    channel_id   uuid        NOT NULL,
    code         text,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT delivery_parts_pkey PRIMARY KEY (workspace_id, delivery_id, part)
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX delivery_parts_external ON delivery_parts (workspace_id, channel_id, external_id) WHERE external_id IS NOT NULL;

-- Committed before the first byte leaves: a row without `outcome` whose worker is gone is an unknown send.
CREATE TABLE attempts (
    workspace_id uuid        NOT NULL,
    delivery_id  uuid        NOT NULL,
    number       smallint    NOT NULL,  -- 1 for the first try
    part         smallint    NOT NULL,
    worker       uuid        NOT NULL,
    epoch        bigint      NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    outcome      text,                  -- accepted, retry, refused, unknown
    http_status  smallint,
    detail       text,
    CONSTRAINT attempts_pkey PRIMARY KEY (workspace_id, delivery_id, number)
);

-- A receipt that came before the send's own commit waits here for its id (F25).
CREATE TABLE receipts_unmatched (
    workspace_id uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    external_id  text        NOT NULL,
    status       text        NOT NULL,
    code         text,
    detail       text,
    received_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT receipts_unmatched_pkey PRIMARY KEY (workspace_id, channel_id, external_id, status)
);

-- Token buckets that the whole fleet shares: one for a channel (recipient ''), one for each recipient.
CREATE TABLE send_budgets (
    workspace_id uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    recipient    text        NOT NULL DEFAULT '',
    next_at      timestamptz NOT NULL,  -- the moment the next request may leave
    CONSTRAINT send_budgets_pkey PRIMARY KEY (workspace_id, channel_id, recipient)
) WITH (fillfactor = 50);

CREATE TABLE breakers (
    workspace_id uuid        NOT NULL,
    channel_id   uuid        NOT NULL,
    failures     integer     NOT NULL DEFAULT 0,
    open_until   timestamptz,
    CONSTRAINT breakers_pkey PRIMARY KEY (workspace_id, channel_id)
) WITH (fillfactor = 50);
