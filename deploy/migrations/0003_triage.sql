-- Triage: what a complaint says, which case it belongs to, and who said so.
-- depends: 0002_intake

CREATE SCHEMA triage;

CREATE SEQUENCE triage.case_numbers;

-- What the index is rebuilt from. `changed` is the writing transaction: other workers read what is newer than their
-- snapshot; a counter would skip rows whose transaction commits late.
CREATE TABLE triage.complaints (
    id uuid CONSTRAINT complaints_pkey PRIMARY KEY,
    receipt_no text NOT NULL,
    version integer NOT NULL,
    shard text NOT NULL,
    reporter text,
    received_at timestamptz NOT NULL,
    event jsonb NOT NULL,     -- the registered event, scrubbed
    reading jsonb NOT NULL,
    profile bytea NOT NULL,   -- the reading's packed features, as classifiers.profile has them
    worker uuid NOT NULL,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX complaints_changed_idx ON triage.complaints (changed);        -- catching up with other workers
CREATE INDEX complaints_receipt_no_idx ON triage.complaints (receipt_no);  -- cited receipts, the command line

-- One matter. Locked before any change of its links, so that its events leave in one order.
CREATE TABLE triage.cases (
    id uuid CONSTRAINT cases_pkey PRIMARY KEY,
    case_no text NOT NULL CONSTRAINT cases_case_no_key UNIQUE,
    first_complaint uuid NOT NULL,
    region_code text,
    matter jsonb NOT NULL,
    complaints integer NOT NULL,
    reporters integer NOT NULL,
    repeat_ordinal integer NOT NULL,
    closed boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL
);

-- Who stands behind a case, and how often.
CREATE TABLE triage.case_reporters (
    case_id uuid NOT NULL REFERENCES triage.cases (id),
    reporter text NOT NULL,
    times integer NOT NULL,
    CONSTRAINT case_reporters_pkey PRIMARY KEY (case_id, reporter)
);

-- Every link ever made or undone; never updated, never deleted.
CREATE TABLE triage.links (
    id uuid CONSTRAINT links_pkey PRIMARY KEY,
    complaint_id uuid NOT NULL,
    case_id uuid NOT NULL REFERENCES triage.cases (id),
    act text NOT NULL CONSTRAINT links_act_check CHECK (act IN ('link', 'suggest', 'confirm', 'refuse', 'undo')),
    answers uuid,             -- the link or suggestion a confirm, refuse or undo is about
    kind text NOT NULL,
    band text NOT NULL,
    score real NOT NULL,
    weight numeric(4, 2) NOT NULL DEFAULT 1,
    to_complaint uuid,
    why jsonb NOT NULL DEFAULT '[]',
    against jsonb NOT NULL DEFAULT '[]',
    parts jsonb NOT NULL DEFAULT '{}',
    versions jsonb NOT NULL,
    decided_by text NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    worker uuid,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX links_complaint_idx ON triage.links (complaint_id, at);
CREATE INDEX links_case_idx ON triage.links (case_id);
CREATE INDEX links_changed_idx ON triage.links (changed);
CREATE UNIQUE INDEX links_answered_once_idx ON triage.links (answers) WHERE answers IS NOT NULL;

-- The links in force: exactly one a complaint unless it is split, when the weights sum to one.
CREATE TABLE triage.live_links (
    complaint_id uuid NOT NULL,
    case_id uuid NOT NULL REFERENCES triage.cases (id),
    link_id uuid NOT NULL REFERENCES triage.links (id),
    weight numeric(4, 2) NOT NULL DEFAULT 1,
    CONSTRAINT live_links_pkey PRIMARY KEY (complaint_id, case_id)
);
CREATE UNIQUE INDEX live_links_whole_idx ON triage.live_links (complaint_id) WHERE weight = 1;
CREATE INDEX live_links_case_idx ON triage.live_links (case_id);

-- What people said belongs together or apart; obeyed by every later run.
CREATE TABLE triage.constraints (
    a uuid NOT NULL,
    b uuid NOT NULL,
    rule text NOT NULL CONSTRAINT constraints_rule_check CHECK (rule IN ('must', 'cannot')),
    decided_by text NOT NULL,
    at timestamptz NOT NULL,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT constraints_pkey PRIMARY KEY (a, b),
    CONSTRAINT constraints_order_check CHECK (a < b)
);
CREATE INDEX constraints_changed_idx ON triage.constraints (changed);

-- The strongest features of complaints: how workers on different partitions notice that they hold the same matter.
CREATE TABLE triage.guards (
    feature bigint NOT NULL,
    complaint_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT guards_pkey PRIMARY KEY (feature, at, complaint_id)  -- the newest of a feature first
);
