-- The bus: what makes delivery at least once and its effect exactly once.
-- depends:

CREATE SCHEMA bus;

-- Which events a service has handled. Purged past the retention of the topics (90 days).
CREATE TABLE bus.inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_at_idx ON bus.inbox USING brin (at);  -- for the purge

-- Events waiting to be published; rows live for milliseconds, so dead ones are swept eagerly.
CREATE TABLE bus.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    headers jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);

-- Records set aside; `sealed` is the record's value under the vault key, never clear text.
CREATE TABLE bus.dead_letters (
    id uuid CONSTRAINT dead_letters_pkey PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    record_key bytea,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    verdict text NOT NULL CONSTRAINT dead_letters_verdict_check CHECK (verdict IN ('permanent', 'bug')),
    reason text NOT NULL,
    reasons jsonb NOT NULL DEFAULT '[]',
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT dead_letters_state_check CHECK (state IN ('waiting', 'replayed', 'discarded')),
    mended_key_id text,
    mended bytea,
    mended_by text,
    replayed_at timestamptz,
    CONSTRAINT dead_letters_consumer_event_key UNIQUE (consumer, event_id)
);
CREATE INDEX dead_letters_waiting_idx ON bus.dead_letters (at) WHERE state = 'waiting';  -- petitions dlq list
