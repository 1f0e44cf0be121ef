-- Registers: the rectification ledger, risk sources, small hydropower, emergencies, supplies and experts and teams.
-- depends: 0005_casework

CREATE SCHEMA registers;

-- The rectification ledger (整改台账). A line of a case or an inspection follows it; an imported one is kept as it came.
-- No line without problem, measures, unit, person and deadline: the speech's demand is the table's.
CREATE TABLE registers.ledger (
    id uuid CONSTRAINT ledger_pkey PRIMARY KEY,
    origin text NOT NULL CONSTRAINT ledger_origin_check CHECK (origin IN ('case', 'import', 'inspection')),
    origin_key text NOT NULL,   -- case id, key of the imported line, inspection and number of the finding
    origin_version integer NOT NULL DEFAULT 1,
    mode text NOT NULL CONSTRAINT ledger_mode_check CHECK (mode IN ('ledger', 'immediate')),
    region text,
    lead_unit_id text,          -- null where the unit's name is none of the city's
    co_unit_ids text[] NOT NULL DEFAULT '{}',
    open boolean NOT NULL,
    case_no text NOT NULL DEFAULT '',
    source text NOT NULL DEFAULT '',
    problem text NOT NULL,
    target text NOT NULL DEFAULT '',
    measures text NOT NULL,
    lead_unit text NOT NULL,
    co_units text[] NOT NULL DEFAULT '{}',
    person text NOT NULL,
    deadline date NOT NULL,
    progress text NOT NULL DEFAULT '',
    acceptance_unit text NOT NULL DEFAULT '',
    acceptance text NOT NULL DEFAULT '',
    publicity_start date,
    publicity_end date,
    closed_on date,
    document_no text NOT NULL DEFAULT '',
    satisfaction text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT '',
    import_id uuid,
    at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT ledger_origin_key UNIQUE (origin, origin_key),
    CONSTRAINT ledger_complete_check CHECK (problem <> '' AND measures <> '' AND lead_unit <> '' AND person <> '')
);
CREATE INDEX ledger_region_idx ON registers.ledger (region, deadline, id);          -- a district's ledger
CREATE INDEX ledger_deadline_idx ON registers.ledger (deadline, id);                -- pages of the whole ledger
CREATE INDEX ledger_unit_idx ON registers.ledger (lead_unit_id, deadline, id);      -- a unit's ledger
CREATE INDEX ledger_co_units_idx ON registers.ledger USING gin (co_unit_ids);

-- Cases with measures that lack what a line must have; they show here instead of being left out.
CREATE TABLE registers.ledger_lacking (
    case_id uuid CONSTRAINT ledger_lacking_pkey PRIMARY KEY,
    case_no text NOT NULL,
    case_version integer NOT NULL,
    region text,
    lead_unit_id text,
    missing text[] NOT NULL,
    at timestamptz NOT NULL
);

-- Every import of every register: what became of each row, and the refused rows as a workbook to mend.
CREATE TABLE registers.imports (
    id uuid CONSTRAINT imports_pkey PRIMARY KEY,
    register text NOT NULL,
    file_name text NOT NULL,
    sha256 text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    summary jsonb NOT NULL,     -- rows, added, changed, unchanged, refused, blank
    problems jsonb NOT NULL,    -- row, column, message
    returned bytea
);
CREATE INDEX imports_at_idx ON registers.imports (register, at DESC);

-- Every table taken out: who, when, what, under the number that is printed on it. Insert only.
CREATE TABLE registers.exports (
    number text CONSTRAINT exports_pkey PRIMARY KEY,
    register text NOT NULL,
    form text NOT NULL,
    filter jsonb NOT NULL,
    rows integer NOT NULL,
    sha256 text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX exports_at_idx ON registers.exports (at);
CREATE SEQUENCE registers.export_numbers;

-- Risk sources of the seven areas (环境风险源清单).
CREATE TABLE registers.risk_sources (
    id text CONSTRAINT risk_sources_pkey PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    area text NOT NULL,
    region text NOT NULL,
    address text NOT NULL DEFAULT '',
    longitude double precision,
    latitude double precision,
    unit text NOT NULL,
    unit_id text,
    person text NOT NULL,
    risk text NOT NULL DEFAULT '',
    measures text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    import_id uuid,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX risk_sources_region_idx ON registers.risk_sources (region, id);

-- Cases about sources. A sure match counts at once, a guess once a person confirms it.
CREATE TABLE registers.risk_cases (
    source_id text NOT NULL REFERENCES registers.risk_sources (id),
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    score double precision NOT NULL,
    why text NOT NULL,
    state text NOT NULL CONSTRAINT risk_cases_state_check CHECK (state IN ('matched', 'suggested', 'confirmed', 'refused')),
    decided_by text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT risk_cases_pkey PRIMARY KEY (source_id, case_id)
);
CREATE INDEX risk_cases_case_idx ON registers.risk_cases (case_id);

-- Inspections of sources; findings are fixed at once, or lines of the ledger (origin inspection).
CREATE TABLE registers.inspections (
    id uuid CONSTRAINT inspections_pkey PRIMARY KEY,
    source_id text NOT NULL REFERENCES registers.risk_sources (id),
    held_on date NOT NULL,
    by text NOT NULL,
    findings jsonb NOT NULL,
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL
);
CREATE INDEX inspections_source_idx ON registers.inspections (source_id, held_on);

-- Small hydropower stations (小水电) and what was found at them.
CREATE TABLE registers.stations (
    id text CONSTRAINT stations_pkey PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    region text NOT NULL,
    county text NOT NULL,
    river text NOT NULL,
    decided text NOT NULL,
    deadline date NOT NULL,
    unit text NOT NULL,
    unit_id text,
    person text NOT NULL,
    required_flow double precision,
    longitude double precision,
    latitude double precision,
    import_id uuid,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX stations_region_idx ON registers.stations (region, id);
CREATE TABLE registers.station_checks (
    id uuid CONSTRAINT station_checks_pkey PRIMARY KEY,
    station_id text NOT NULL REFERENCES registers.stations (id),
    held_on date NOT NULL,
    by text NOT NULL,
    done boolean NOT NULL,
    evidence text[] NOT NULL DEFAULT '{}',
    flows jsonb NOT NULL DEFAULT '[]',
    at timestamptz NOT NULL
);
CREATE INDEX station_checks_station_idx ON registers.station_checks (station_id, held_on, at);
CREATE TABLE registers.station_cases (
    station_id text NOT NULL REFERENCES registers.stations (id),
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    why text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT station_cases_pkey PRIMARY KEY (station_id, case_id)
);

-- Suspected emergencies, one a complaint; the state whole, what lists need beside it.
CREATE TABLE registers.emergencies (
    id uuid CONSTRAINT emergencies_pkey PRIMARY KEY,
    complaint_id uuid NOT NULL CONSTRAINT emergencies_complaint_key UNIQUE,
    version integer NOT NULL,
    region text,
    status text NOT NULL,
    open boolean NOT NULL,
    grade text,
    known_at timestamptz NOT NULL,
    report_due_at timestamptz NOT NULL,
    state jsonb NOT NULL
);
CREATE INDEX emergencies_open_idx ON registers.emergencies (report_due_at) WHERE open;
CREATE INDEX emergencies_receipt_idx ON registers.emergencies ((state ->> 'receipt_no'));  -- people have the number in hand
CREATE INDEX emergencies_known_idx ON registers.emergencies (known_at, id);

-- What happened to an emergency. Append only.
CREATE TABLE registers.emergency_events (
    emergency_id uuid NOT NULL REFERENCES registers.emergencies (id),
    version integer NOT NULL,
    kind text NOT NULL,
    by text NOT NULL,
    reason text,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT emergency_events_pkey PRIMARY KEY (emergency_id, version)
);

-- Pages with their moments. A sweep takes what is due under a lock that others skip, so that one moment fires once.
CREATE TABLE registers.pages (
    key text CONSTRAINT pages_pkey PRIMARY KEY,
    emergency_id uuid NOT NULL REFERENCES registers.emergencies (id),
    purpose text NOT NULL,
    role text NOT NULL,
    channels text[] NOT NULL,
    text text NOT NULL,
    due_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT pages_state_check CHECK (state IN ('waiting', 'sent', 'cancelled')),
    sent_at timestamptz,
    persons text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX pages_due_idx ON registers.pages (due_at) WHERE state = 'waiting';
CREATE INDEX pages_emergency_idx ON registers.pages (emergency_id);

-- Who is on duty (值班表): staff, by day and post.
CREATE TABLE registers.duty (
    day date NOT NULL,
    post text NOT NULL,
    region text NOT NULL,       -- the city's code where one post serves all districts
    person text NOT NULL,
    phone text NOT NULL DEFAULT '',
    import_id uuid,
    CONSTRAINT duty_pkey PRIMARY KEY (day, post, region, person)
);

-- Supplies, experts and rescue teams, with the staff to call.
CREATE TABLE registers.resources (
    id text CONSTRAINT resources_pkey PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    kind text NOT NULL,
    name text NOT NULL,
    hazards text[] NOT NULL,
    region text NOT NULL,
    place text NOT NULL DEFAULT '',
    longitude double precision,
    latitude double precision,
    contact text NOT NULL,
    phone text NOT NULL,
    amount double precision,
    unit text NOT NULL DEFAULT '',
    available boolean NOT NULL DEFAULT true,
    checked_on date,
    expires_on date,
    import_id uuid,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX resources_region_idx ON registers.resources (region, id);
