-- Dispatch: city files, who has which case, leaders in charge, task forces.
-- depends: 0003_triage

CREATE SCHEMA dispatch;

-- Every city file ever in force, whole; decisions name the version they were made under.
CREATE TABLE dispatch.city_versions (
    version text CONSTRAINT city_versions_pkey PRIMARY KEY,
    content jsonb NOT NULL,
    loaded_at timestamptz NOT NULL,
    loaded_by text NOT NULL
);

-- What dispatch knows of a case; counts may arrive before the case itself, since topics are not ordered to each other.
CREATE TABLE dispatch.cases (
    case_id uuid CONSTRAINT cases_pkey PRIMARY KEY,
    case_no text,
    opened jsonb,             -- the opened event, once it came
    complaints integer NOT NULL DEFAULT 1,
    reporters integer NOT NULL DEFAULT 1,
    repeat_ordinal integer NOT NULL DEFAULT 1,
    signatories integer NOT NULL DEFAULT 1,
    supervised boolean NOT NULL DEFAULT false,
    key_item boolean NOT NULL DEFAULT false,
    reopened boolean NOT NULL DEFAULT false,
    assignments integer NOT NULL DEFAULT 0,
    lead_unit text,
    leader_id text
);
CREATE INDEX cases_leader_idx ON dispatch.cases (leader_id) WHERE leader_id IS NOT NULL;  -- leaders' load

-- Assignments in order; the newest is in force.
CREATE TABLE dispatch.assignments (
    case_id uuid NOT NULL REFERENCES dispatch.cases (case_id),
    sequence integer NOT NULL,
    lead_unit text NOT NULL,
    event jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT assignments_pkey PRIMARY KEY (case_id, sequence)
);
CREATE INDEX assignments_lead_idx ON dispatch.assignments (lead_unit, at);

-- One leader in charge a case, and how many cases each has.
CREATE TABLE dispatch.leader_assignments (
    case_id uuid CONSTRAINT leader_assignments_pkey PRIMARY KEY REFERENCES dispatch.cases (case_id),
    leader_id text NOT NULL,
    event jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX leader_assignments_leader_idx ON dispatch.leader_assignments (leader_id);

CREATE TABLE dispatch.task_forces (
    id uuid CONSTRAINT task_forces_pkey PRIMARY KEY,
    case_id uuid NOT NULL CONSTRAINT task_forces_case_key UNIQUE REFERENCES dispatch.cases (case_id),
    template text NOT NULL,
    event jsonb NOT NULL,
    at timestamptz NOT NULL
);
