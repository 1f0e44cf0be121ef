-- Casework: who may act, the log of every case and its snapshot, evidence, answers to repeated requests.
-- depends: 0004_dispatch

CREATE SCHEMA access;
CREATE SCHEMA casework;

-- People and systems that may act. `origin` tells those of the city file, which its next version changes, from those
-- entered by hand.
CREATE TABLE access.principals (
    id text CONSTRAINT principals_pkey PRIMARY KEY,
    name text NOT NULL,
    roles text[] NOT NULL,
    unit_id text,
    regions text[] NOT NULL DEFAULT '{}',
    person boolean NOT NULL DEFAULT true,
    source text,              -- a source system's name: it may ask for the state of its own complaints
    active boolean NOT NULL DEFAULT true,
    origin text NOT NULL DEFAULT 'hand' CONSTRAINT principals_origin_check CHECK (origin IN ('city', 'hand'))
);
CREATE INDEX principals_unit_idx ON access.principals (unit_id);

-- Tokens by their public id; the secret is kept as a keyed hash whose key is not in the database.
CREATE TABLE access.tokens (
    id text CONSTRAINT tokens_pkey PRIMARY KEY,
    principal_id text NOT NULL REFERENCES access.principals (id),
    digest text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    note text NOT NULL DEFAULT ''
);
CREATE INDEX tokens_principal_idx ON access.tokens (principal_id);

-- One row a case: what lists and searches need in columns, the whole state beside them. Written with the events it
-- follows from; `head` is the digest of the last one, so the next is chained without reading the log. Columns that
-- change with nearly every event are in no index, and pages have room, so that an update stays on its page.
CREATE TABLE casework.cases (
    case_id uuid CONSTRAINT cases_pkey PRIMARY KEY,
    case_no text NOT NULL CONSTRAINT cases_case_no_key UNIQUE,
    version integer NOT NULL,
    head text NOT NULL,
    status text NOT NULL,
    region text,
    city text,
    lead_unit text,
    units text[] NOT NULL DEFAULT '{}',   -- lead and co-handling
    leader_id text,
    urgency text NOT NULL,
    types text[] NOT NULL DEFAULT '{}',
    respondent text,
    place text,
    summary text NOT NULL DEFAULT '',
    ordinal integer NOT NULL DEFAULT 1,
    repeat_ordinal integer NOT NULL DEFAULT 1,
    complaints numeric(10, 2) NOT NULL DEFAULT 0,   -- 件次
    reporters integer NOT NULL DEFAULT 0,           -- 人
    opened_at timestamptz NOT NULL,
    first_received_at timestamptz NOT NULL,
    last_event_at timestamptz NOT NULL,
    last_progress_at timestamptz,
    person_id text,           -- who reported progress last
    state jsonb NOT NULL,     -- services.domain.case.state.load_state reads it
    deadlines jsonb           -- supervision writes it, for lists
) WITH (fillfactor = 60);
CREATE INDEX cases_opened_idx ON casework.cases (opened_at, case_id);                              -- pages of all cases
CREATE INDEX cases_lead_idx ON casework.cases (lead_unit, opened_at) WHERE lead_unit IS NOT NULL;  -- a unit's cases
CREATE INDEX cases_units_idx ON casework.cases USING gin (units);                                  -- its co-handled ones, too
CREATE INDEX cases_leader_idx ON casework.cases (leader_id, opened_at) WHERE leader_id IS NOT NULL;
CREATE INDEX cases_region_idx ON casework.cases (region, opened_at);
CREATE INDEX cases_respondent_idx ON casework.cases (respondent) WHERE respondent IS NOT NULL;     -- same source
CREATE INDEX cases_place_idx ON casework.cases (place) WHERE place IS NOT NULL;

-- The log. Append only: the services' role may insert and read. `body` are the bytes the digest covers.
CREATE TABLE casework.events (
    case_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    role text NOT NULL,
    unit text,
    body bytea NOT NULL,
    digest text NOT NULL,
    global bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT events_pkey PRIMARY KEY (case_id, version)
);
CREATE INDEX events_at_idx ON casework.events USING brin (at);          -- a day's chain heads
CREATE INDEX events_global_idx ON casework.events USING brin (global);  -- rebuilding read models in order

-- Complaints behind cases, as casework has them: whom to answer, which case a receipt number is in.
CREATE TABLE casework.complaint_cases (
    complaint_id uuid NOT NULL,
    case_id uuid NOT NULL REFERENCES casework.cases (case_id),
    link_id text NOT NULL,
    receipt_no text NOT NULL,
    kind text NOT NULL,
    weight numeric(4, 2) NOT NULL,
    reporter text,
    signatories integer NOT NULL DEFAULT 1,
    received_at timestamptz NOT NULL,
    CONSTRAINT complaint_cases_pkey PRIMARY KEY (case_id, link_id)
);
CREATE INDEX complaint_cases_complaint_idx ON casework.complaint_cases (complaint_id);
CREATE INDEX complaint_cases_receipt_no_idx ON casework.complaint_cases (receipt_no);

-- Whom each complaint came from. Kept apart from cases, since links move and this does not.
CREATE TABLE casework.complaint_sources (
    complaint_id uuid CONSTRAINT complaint_sources_pkey PRIMARY KEY,
    receipt_no text NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL
);
CREATE INDEX complaint_sources_receipt_no_idx ON casework.complaint_sources (receipt_no);

-- Records that came before the case they are about: topics are not ordered to each other.
CREATE TABLE casework.parked (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT parked_pkey PRIMARY KEY,
    case_id uuid NOT NULL,
    topic text NOT NULL,
    event bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX parked_case_idx ON casework.parked (case_id);

-- One root a day over the heads of the chains that grew that day, chained to the day before.
CREATE TABLE casework.anchors (
    day date CONSTRAINT anchors_pkey PRIMARY KEY,
    merkle text NOT NULL,
    root text NOT NULL,       -- digest over the previous root and this day's Merkle root
    heads integer NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE casework.anchor_heads (
    day date NOT NULL,
    case_id uuid NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    CONSTRAINT anchor_heads_pkey PRIMARY KEY (day, case_id)
);
CREATE INDEX anchor_heads_case_idx ON casework.anchor_heads (case_id);

-- Answers kept for a request that is sent again (Idempotency-Key, a command's id); purged after some days.
CREATE TABLE casework.idempotency (
    principal_id text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status integer,
    response bytea,
    at timestamptz NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (principal_id, key)
);
CREATE INDEX idempotency_at_idx ON casework.idempotency USING brin (at);

-- Files of evidence by the hash of their content. A row comes before its object and is `stored` after it; what no case
-- refers to after a day is swept.
CREATE TABLE casework.files (
    sha256 text CONSTRAINT files_pkey PRIMARY KEY,
    kind text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    taken_at timestamptz,     -- from the file itself
    latitude double precision,
    longitude double precision,
    shown text,               -- object others see: without place and device
    thumbnail text,
    state text NOT NULL DEFAULT 'uploading' CONSTRAINT files_state_check CHECK (state IN ('uploading', 'stored')),
    uploaded_by text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX files_at_idx ON casework.files (at);  -- the sweep

CREATE TABLE casework.file_uses (
    sha256 text NOT NULL REFERENCES casework.files (sha256),
    case_id uuid NOT NULL,
    evidence_id text NOT NULL,
    CONSTRAINT file_uses_pkey PRIMARY KEY (sha256, case_id, evidence_id)
);

-- Assignments that units returned: counter-examples for dispatch and for training.
CREATE TABLE casework.returns (
    case_id uuid NOT NULL,
    version integer NOT NULL,
    unit_id text NOT NULL,
    lead boolean NOT NULL,
    ground text NOT NULL,
    reason text NOT NULL,
    proposed_unit text,
    at timestamptz NOT NULL,
    CONSTRAINT returns_pkey PRIMARY KEY (case_id, version)
);
