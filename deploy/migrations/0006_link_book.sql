-- What people and casework say of links and cases, as triage keeps it.
-- depends: 0005_casework

-- `place`: a person split, merged or parted cases; the complaint stands there since.
ALTER TABLE triage.links DROP CONSTRAINT links_act_check;
ALTER TABLE triage.links ADD CONSTRAINT links_act_check
    CHECK (act IN ('link', 'suggest', 'confirm', 'refuse', 'undo', 'place'));

-- Cases that ended or were opened again since a snapshot; what comes for an ended one is a recurrence.
ALTER TABLE triage.cases ADD COLUMN ended_changed xid8;
CREATE INDEX cases_ended_changed_idx ON triage.cases (ended_changed) WHERE ended_changed IS NOT NULL;

-- Units that returned a case: it is not theirs, and dispatch does not send it there again.
CREATE TABLE dispatch.returns (
    case_id uuid NOT NULL REFERENCES dispatch.cases (case_id),
    version integer NOT NULL,
    unit_id text NOT NULL,
    ground text NOT NULL,
    proposed_unit text,
    at timestamptz NOT NULL,
    CONSTRAINT returns_pkey PRIMARY KEY (case_id, version)
);

-- An ended case is no load on its leader any more.
ALTER TABLE dispatch.cases ADD COLUMN ended boolean NOT NULL DEFAULT false;

-- In which role, of which unit somebody saw an identity.
ALTER TABLE vault.unsealings ADD COLUMN role text, ADD COLUMN unit text;
