-- Analytics: the words of complaints, for the search box. Kept by the refresher, so that taking complaints in costs nothing more.
-- depends: 0012_analytics_sets

-- `keys` are hashes of month and pair of characters (services/analytics/words.py): a search goes back month by month and reads
-- no more of a common word than it shows. The text itself is checked where it stands, in intake.complaints.
CREATE TABLE analytics.complaint_words (
    complaint_id uuid CONSTRAINT complaint_words_pkey PRIMARY KEY,
    received_at timestamptz NOT NULL,
    region text,
    digest bytea NOT NULL,      -- of what the keys were made from
    keys integer[] NOT NULL
);
ALTER TABLE analytics.complaint_words ALTER COLUMN keys SET STORAGE EXTERNAL;  -- hashes do not compress
CREATE INDEX complaint_words_keys_idx ON analytics.complaint_words USING gin (keys);

-- Complaints whose words are to be read: after the figures, which must not wait for the index of words.
CREATE TABLE analytics.unread (
    complaint_id uuid CONSTRAINT unread_pkey PRIMARY KEY
);
INSERT INTO analytics.unread SELECT id FROM triage.complaints;

GRANT SELECT, INSERT, UPDATE, DELETE ON analytics.complaint_words, analytics.unread TO petitions_service;
