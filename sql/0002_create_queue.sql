-- Why:   inbox, outbox and webhooks are one mechanism: ordered jobs in leased, fenced lanes.
-- Locks: new objects only.
-- Undo:  DROP TABLE dead_letters, jobs, lanes, workers; DROP FUNCTION fence, finish_jobs, uuid7, uuid7_bound;

CREATE TABLE workers (
    id           uuid        NOT NULL PRIMARY KEY,  -- made anew by each process start: two hosts of one name never share it
    name         text        NOT NULL,
    queue        text        NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE lanes (
    lane       smallint    NOT NULL,
    queue      text        NOT NULL,
    epoch      bigint      NOT NULL DEFAULT 0,  -- rises with each new owner: the fencing token
    owner      uuid,
    expires_at timestamptz,
    CONSTRAINT lanes_pkey PRIMARY KEY (lane, queue)
) WITH (fillfactor = 50);

-- Narrow work rows beside immutable ones. `xid` stands before `id` on purpose: defaults are evaluated in column order, so a
-- transaction has its xid before it takes an id, and a reader that sees every older xid finished has seen every lower id.
CREATE TABLE jobs (
    lane         smallint    NOT NULL,
    queue        text        NOT NULL,
    xid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    key          text        NOT NULL,  -- jobs of one key run one at a time, in order
    workspace_id uuid        NOT NULL,
    payload      bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    waiting      boolean     NOT NULL DEFAULT false,  -- until run_at, or held: scans pass over it and over the later jobs of its key
    run_at       timestamptz NOT NULL DEFAULT now(),
    held         boolean     NOT NULL DEFAULT false,  -- by an operator or a policy: waits for a release
    crashes      smallint    NOT NULL DEFAULT 0,      -- how often it was in flight when its worker went silent
    failures     jsonb       NOT NULL DEFAULT '[]',   -- [{"at", "reason", "worker"}], one for each failed try
    CONSTRAINT jobs_pkey PRIMARY KEY (lane, queue, id),
    CONSTRAINT jobs_held_waits CHECK (waiting OR NOT held)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
-- The next job of a key whose earlier ones are gone. Not one index for all rows: then a plan made while the table was empty could
-- look for a waiting job among all jobs of a busy key.
CREATE INDEX jobs_by_key ON jobs (key, queue, id) WHERE NOT waiting;
-- Few rows on a good day, so these cost an insert nothing: whether a key is held back, and what is due.
CREATE INDEX jobs_waiting_by_key ON jobs (key, queue, id) WHERE waiting;
CREATE INDEX jobs_waiting_by_time ON jobs (lane, queue, run_at) WHERE waiting AND NOT held;

CREATE TABLE dead_letters (
    workspace_id uuid        NOT NULL,
    id           uuid        NOT NULL,
    queue        text        NOT NULL,
    lane         smallint    NOT NULL,
    key          text        NOT NULL,
    payload      bytea       NOT NULL,
    reason       text        NOT NULL,
    failures     jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    died_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dead_letters_pkey PRIMARY KEY (workspace_id, id)
);
CREATE INDEX dead_letters_by_queue ON dead_letters (workspace_id, queue, id);

-- A UUIDv7 (RFC 9562 section 5.7): the milliseconds, then random bits.
CREATE FUNCTION uuid7(at timestamptz DEFAULT clock_timestamp()) RETURNS uuid LANGUAGE sql VOLATILE
    RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid;

-- All UUIDv7 made before that moment, and none made later, are less.
CREATE FUNCTION uuid7_bound(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN rpad(encode(substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3), 'hex'), 32, '0')::uuid;

-- Stops a transaction whose worker lost a lane. The shared lock makes a take-over, which locks FOR UPDATE, wait for this commit; a
-- heartbeat, which changes no key, passes by. SQLSTATE PQ001, so that callers can tell it from every other failure.
CREATE FUNCTION fence(of_queue text, of_lanes smallint[], of_epochs bigint[], of_owner uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM lanes l JOIN unnest(of_lanes, of_epochs) AS f (lane, epoch) ON l.lane = f.lane AND l.epoch = f.epoch
        WHERE l.queue = of_queue AND l.owner = of_owner ORDER BY l.lane FOR KEY SHARE OF l;
    IF (SELECT count(*) FROM lanes l JOIN unnest(of_lanes, of_epochs) AS f (lane, epoch) ON l.lane = f.lane AND l.epoch = f.epoch
        WHERE l.queue = of_queue AND l.owner = of_owner) <> cardinality(of_lanes)
    THEN RAISE EXCEPTION 'lane lost' USING ERRCODE = 'PQ001';
    END IF;
END $$;

-- Deletes jobs one by one by primary key. As a join with `unnest`, a plan made while the table was empty could read all of it for ever.
CREATE FUNCTION finish_jobs(of_queue text, of_lanes smallint[], of_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..cardinality(of_ids) LOOP
        DELETE FROM jobs WHERE lane = of_lanes[i] AND queue = of_queue AND id = of_ids[i];
    END LOOP;
END $$;
