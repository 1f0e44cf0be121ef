-- Intake: complaints without identities, and the vault with nothing but sealed identities.
-- depends: 0001_bus

CREATE SCHEMA intake;
CREATE SCHEMA vault;

CREATE SEQUENCE intake.receipts;

-- One row a complaint, whatever happens to it later; the newest version's text stands here.
CREATE TABLE intake.complaints (
    id uuid CONSTRAINT complaints_pkey PRIMARY KEY,
    source text NOT NULL,
    external_id text NOT NULL,
    receipt_no text NOT NULL CONSTRAINT complaints_receipt_no_key UNIQUE,
    version integer NOT NULL DEFAULT 1,
    resends integer NOT NULL DEFAULT 0,
    content_mac bytea NOT NULL,  -- keyed hash of what was sent: tells a resend from a change
    channel text NOT NULL,
    region_code text,
    region_confidence real NOT NULL DEFAULT 0,
    reporter text,               -- keyed hash; equal for the same person
    received_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL,
    event jsonb NOT NULL,        -- the registered event of the newest version, as published
    CONSTRAINT complaints_source_external_id_key UNIQUE (source, external_id)
);

-- Earlier versions of complaints whose source changed them, as published.
CREATE TABLE intake.complaint_versions (
    complaint_id uuid NOT NULL REFERENCES intake.complaints (id),
    version integer NOT NULL,
    content_mac bytea NOT NULL,
    event jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT complaint_versions_pkey PRIMARY KEY (complaint_id, version)
);

-- The petitioner's block and the original texts, sealed with AES-256-GCM under a key that is not in the database.
CREATE TABLE vault.originals (
    complaint_id uuid NOT NULL,
    version integer NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT originals_pkey PRIMARY KEY (complaint_id, version)
);
CREATE INDEX originals_key_id_idx ON vault.originals (key_id);  -- re-sealing under a new key

-- Every unsealing: who, which complaint, which fields, for what purpose.
CREATE TABLE vault.unsealings (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT unsealings_pkey PRIMARY KEY,
    complaint_id uuid NOT NULL,
    actor text NOT NULL,
    purpose text NOT NULL,
    fields text[] NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX unsealings_complaint_idx ON vault.unsealings (complaint_id);  -- who saw this complaint
