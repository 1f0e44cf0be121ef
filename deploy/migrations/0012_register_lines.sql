-- What an inspection found lives on the ledger until it is struck off, without a complaint; files that entries rest on.
-- depends: 0008_supervision 0009_registers

-- What happened to lines of inspections. Append only.
CREATE TABLE registers.ledger_events (
    line_id uuid NOT NULL REFERENCES registers.ledger (id),
    version integer NOT NULL,   -- the line's `origin_version` after it
    kind text NOT NULL CONSTRAINT ledger_events_kind_check CHECK (kind IN ('reported', 'returned', 'postponed', 'closed_out')),
    by text NOT NULL,
    text text NOT NULL,
    evidence text[] NOT NULL DEFAULT '{}',
    deadline date,              -- the new one, where it was postponed
    at timestamptz NOT NULL,
    CONSTRAINT ledger_events_pkey PRIMARY KEY (line_id, version)
);
REVOKE UPDATE, DELETE, TRUNCATE ON registers.ledger_events FROM petitions_service;
CREATE INDEX ledger_owed_idx ON registers.ledger (lead_unit_id, deadline) WHERE open AND origin <> 'case';  -- weekly lists

-- Files of the evidence store that entries of registers rest on; what is named here is not swept.
CREATE TABLE registers.evidence (
    register text NOT NULL,     -- risk-sources, stations, ledger
    entry text NOT NULL,        -- id of the source, the station, the line
    sha256 text NOT NULL REFERENCES casework.files (sha256),
    by text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT evidence_pkey PRIMARY KEY (register, entry, sha256)
);
CREATE INDEX evidence_sha256_idx ON registers.evidence (sha256);

-- A check of a station finds things too, fixed at once or for the ledger.
ALTER TABLE registers.station_checks ADD COLUMN findings jsonb NOT NULL DEFAULT '[]';

-- Who must put a finding right is told of it with the morning's digest: `case_id` is then the line's id.
ALTER TABLE supervision.notices ADD COLUMN about text NOT NULL DEFAULT 'case'
    CONSTRAINT notices_about_check CHECK (about IN ('case', 'ledger_line'));
