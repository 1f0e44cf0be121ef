-- Triage: which database an index on disk belongs to, in which format profiles are, what a re-link proposes.
-- depends: 0004_dispatch

-- One row: an index saved from another database must never be taken for one of this.
CREATE TABLE triage.installation (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    one boolean NOT NULL DEFAULT true CONSTRAINT installation_pkey PRIMARY KEY CONSTRAINT installation_one_check CHECK (one)
);
INSERT INTO triage.installation DEFAULT VALUES;

-- A profile of an older format is read anew from its complaint when the index takes it in.
ALTER TABLE triage.complaints ADD COLUMN profile_format text NOT NULL DEFAULT '1';
CREATE INDEX complaints_shard_idx ON triage.complaints (shard, received_at, id);  -- a shard in order, to rebuild its index

-- A re-link of the whole history under other models: what it would change, for people to decide. Nothing is applied by itself.
CREATE TABLE triage.relinks (
    id uuid CONSTRAINT relinks_pkey PRIMARY KEY,
    model text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,             -- one that has not ended is gone on with
    counts jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX relinks_running_idx ON triage.relinks (model) WHERE ended_at IS NULL;

CREATE TABLE triage.relink_proposals (
    id uuid CONSTRAINT relink_proposals_pkey PRIMARY KEY,
    relink_id uuid NOT NULL REFERENCES triage.relinks (id),
    complaint_id uuid NOT NULL,
    act text NOT NULL CONSTRAINT relink_proposals_act_check CHECK (act IN ('join', 'part')),
    link_id uuid,                     -- part: the link that would be undone
    to_complaint uuid,
    kind text NOT NULL,
    score real NOT NULL,
    why jsonb NOT NULL DEFAULT '[]',
    against jsonb NOT NULL DEFAULT '[]',
    versions jsonb NOT NULL,
    decided text CONSTRAINT relink_proposals_decided_check CHECK (decided IN ('offered', 'dismissed')),
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT relink_proposals_once_key UNIQUE (relink_id, complaint_id, act)
);
CREATE INDEX relink_proposals_open_idx ON triage.relink_proposals (relink_id, score) WHERE decided IS NULL;
