-- Supervision: what each case owes by when, what was announced, the ladder, digests, weekly lists, look-backs.
-- depends: 0007_history_roles

CREATE SCHEMA supervision;

-- One row a case as of its `version`; made again from casework.events by `petitions clocks rebuild`.
CREATE TABLE supervision.cases (
    case_id uuid CONSTRAINT cases_pkey PRIMARY KEY,
    version integer NOT NULL DEFAULT 0,
    case_no text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT '',
    open boolean NOT NULL DEFAULT false,     -- somebody still owes something on the matter itself
    unowned boolean NOT NULL DEFAULT false,  -- no unit has it
    summary text NOT NULL DEFAULT '',
    region text,
    unit_id text,
    unit text NOT NULL DEFAULT '',
    person_id text,
    leader_id text,
    leader text NOT NULL DEFAULT '',
    urgency text NOT NULL DEFAULT '一般',
    first_received_at timestamptz,
    signed_in_at timestamptz,
    last_progress_at timestamptz,
    ordinal integer NOT NULL DEFAULT 1,
    repeat_ordinal integer NOT NULL DEFAULT 1,
    step text,                               -- the last step of the ladder taken in this round
    stepped_at timestamptz,
    ladder_at timestamptz,                   -- when the ladder next has something to say; null: not by itself
    asked_step text,                         -- asked of casework, or proposed to a person, and not yet taken
    asked_at timestamptz,
    held_until timestamptz,                  -- a person declined the proposed step: nothing is proposed before this
    source_key text,                         -- region, respondent and place, where both are known
    closed_at timestamptz,                   -- the last close-out, kept after a reopening
    closed_unit text,                        -- who had it then
    closed_out boolean NOT NULL DEFAULT false,
    look_backs integer NOT NULL DEFAULT 0,
    fakes integer NOT NULL DEFAULT 0,
    key_item boolean NOT NULL DEFAULT false,
    supervised_source boolean NOT NULL DEFAULT false,
    trouble text                             -- why its clocks could not be computed
);
CREATE INDEX cases_ladder_idx ON supervision.cases (unowned, ladder_at) WHERE ladder_at IS NOT NULL;
CREATE INDEX cases_unit_idx ON supervision.cases (unit_id) WHERE open;
CREATE INDEX cases_leader_idx ON supervision.cases (leader_id) WHERE open AND leader_id IS NOT NULL;
CREATE INDEX cases_source_idx ON supervision.cases (source_key) WHERE closed_out AND source_key IS NOT NULL;
CREATE INDEX cases_closed_idx ON supervision.cases (closed_at) WHERE closed_out;
CREATE INDEX cases_trouble_idx ON supervision.cases (case_id) WHERE trouble IS NOT NULL;

-- The running clocks. `next_at` is the next due moment not yet announced: what a sweep looks for.
CREATE TABLE supervision.clocks (
    case_id uuid NOT NULL REFERENCES supervision.cases (case_id),
    clock text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL,
    perspective text NOT NULL,
    rule_id text NOT NULL,
    rule_version text NOT NULL,
    calendar_version text NOT NULL,
    started_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    last_day date NOT NULL,
    paused_until timestamptz,
    extended_by integer NOT NULL DEFAULT 0,
    provisional boolean NOT NULL DEFAULT false,
    fired_share double precision NOT NULL DEFAULT 0,
    next_share double precision,
    next_at timestamptz,
    CONSTRAINT clocks_pkey PRIMARY KEY (case_id, clock)
) WITH (fillfactor = 85);
CREATE INDEX clocks_next_idx ON supervision.clocks (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX clocks_due_idx ON supervision.clocks (due_at) WHERE kind = 'limit';
CREATE INDEX clocks_made_idx ON supervision.clocks (rule_version, calendar_version);
CREATE INDEX clocks_provisional_idx ON supervision.clocks (due_at) WHERE provisional;

-- What was announced. The key is the moment itself, so none is announced twice, whoever sweeps.
CREATE TABLE supervision.firings (
    case_id uuid NOT NULL,
    clock text NOT NULL,
    due_at timestamptz NOT NULL,
    share double precision NOT NULL,
    moment timestamptz NOT NULL,
    fired_at timestamptz NOT NULL,
    rule_id text NOT NULL,
    rule_version text NOT NULL,
    calendar_version text NOT NULL,
    CONSTRAINT firings_pkey PRIMARY KEY (case_id, clock, due_at, share)
);

-- Steps of the ladder that a person decides.
CREATE TABLE supervision.proposals (
    id uuid CONSTRAINT proposals_pkey PRIMARY KEY,
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    step text NOT NULL,
    reason text NOT NULL,
    provenance text NOT NULL,
    unowned boolean NOT NULL,
    region text,
    unit_id text,
    leader_id text,
    proposed_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT proposals_state_check CHECK (state IN ('waiting', 'accepted', 'declined', 'lapsed')),
    decided_by text,
    decided_at timestamptz,
    note text
);
CREATE UNIQUE INDEX proposals_waiting_idx ON supervision.proposals (case_id) WHERE state = 'waiting';

-- What persons should know, until a digest takes it. `key` is unique: nobody is told the same thing twice.
CREATE TABLE supervision.notices (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notices_pkey PRIMARY KEY,
    key text NOT NULL CONSTRAINT notices_key_key UNIQUE,
    person_id text NOT NULL,
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    rank integer NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    send_at timestamptz NOT NULL,
    emergency boolean NOT NULL DEFAULT false,
    clock text,               -- a notice about a clock is dropped where that clock no longer runs
    due_at timestamptz,
    passing boolean NOT NULL DEFAULT false,  -- a step of the machine: dropped where the case moved on meanwhile
    digest_key text           -- where it was sent; '-' where it had settled before
);
CREATE INDEX notices_waiting_idx ON supervision.notices (send_at) WHERE digest_key IS NULL;

CREATE TABLE supervision.digests (
    key text CONSTRAINT digests_pkey PRIMARY KEY,
    person_id text NOT NULL,
    at timestamptz NOT NULL,
    emergency boolean NOT NULL,
    text text NOT NULL,
    lines jsonb NOT NULL
);
CREATE INDEX digests_person_idx ON supervision.digests (person_id, at DESC);

-- 定期调度: the lists of a week (its Monday) as they were that week.
CREATE TABLE supervision.weekly (
    week date NOT NULL,
    kind text NOT NULL CONSTRAINT weekly_kind_check CHECK (kind IN ('unit', 'leader')),
    owner_id text NOT NULL,
    content jsonb NOT NULL,
    prepared_at timestamptz NOT NULL,
    CONSTRAINT weekly_pkey PRIMARY KEY (week, kind, owner_id)
);

-- 回头看: draws that anybody can repeat, and the cases to look back at with what was found.
CREATE TABLE supervision.draws (
    id uuid CONSTRAINT draws_pkey PRIMARY KEY,
    seed text NOT NULL,
    drawn_at timestamptz NOT NULL,
    drawn_by text NOT NULL,
    rules_version text NOT NULL,
    population integer NOT NULL,
    candidates jsonb NOT NULL -- every case that could be drawn, as the draw saw it
);
CREATE TABLE supervision.look_backs (
    id uuid CONSTRAINT look_backs_pkey PRIMARY KEY,
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    draw_id uuid REFERENCES supervision.draws (id),
    weight double precision,
    reasons text[] NOT NULL,
    region text,
    unit_id text,
    due_on date,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'due' CONSTRAINT look_backs_state_check CHECK (state IN ('due', 'done', 'void')),
    passed boolean,
    rebound boolean,
    fake boolean,
    finding text,
    done_by text,
    done_at timestamptz
);
CREATE UNIQUE INDEX look_backs_due_idx ON supervision.look_backs (case_id) WHERE state = 'due';
CREATE INDEX look_backs_unit_idx ON supervision.look_backs (unit_id) WHERE state = 'done';

-- A matter came back after close-out: by a complaint on the case, or by another case of the same source.
CREATE TABLE supervision.rebounds (
    case_id uuid NOT NULL,
    evidence uuid NOT NULL,   -- the complaint, or the other case
    kind text NOT NULL CONSTRAINT rebounds_kind_check CHECK (kind IN ('complaint', 'other_case')),
    days integer NOT NULL,
    reason text NOT NULL,
    unit_id text,
    at timestamptz NOT NULL,
    CONSTRAINT rebounds_pkey PRIMARY KEY (case_id, evidence)
);

-- Recomputations of deadlines after a change of rules or calendar, with every difference they made.
CREATE TABLE supervision.recomputations (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT recomputations_pkey PRIMARY KEY,
    at timestamptz NOT NULL,
    by text NOT NULL,
    rule_version text NOT NULL,
    calendar_version text NOT NULL,
    cases integer NOT NULL,
    differences jsonb NOT NULL
);

GRANT USAGE ON SCHEMA supervision TO petitions_service, petitions_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA supervision TO petitions_service, petitions_reader;
GRANT INSERT ON ALL TABLES IN SCHEMA supervision TO petitions_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA supervision TO petitions_service;
-- What was announced, drawn, recomputed, sent and listed stays as it was.
GRANT UPDATE ON supervision.cases, supervision.clocks, supervision.proposals, supervision.notices, supervision.look_backs TO petitions_service;
GRANT DELETE ON supervision.clocks TO petitions_service;
