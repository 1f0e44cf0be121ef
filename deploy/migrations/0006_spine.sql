-- The spine, measured: what a hot path reads has a column of its own, rows are kept as they come, a missing leader shows.
-- depends: 0004_dispatch

-- Rows of about 3 KB would be compressed and cut in pieces for nothing: up to a page they stay whole.
ALTER TABLE triage.complaints SET (toast_tuple_target = 8160);

-- What the triggers for a leader in charge look at, without reading the opened event again for every later complaint.
-- `first_received` and `last_received` bound the time over which the public wrote, in whatever order letters arrive.
ALTER TABLE dispatch.cases ADD COLUMN channel text;
ALTER TABLE dispatch.cases ADD COLUMN first_received timestamptz;
ALTER TABLE dispatch.cases ADD COLUMN last_received timestamptz;
UPDATE dispatch.cases SET channel = opened ->> 'channel', first_received = (opened ->> 'received_at')::timestamptz,
    last_received = (opened ->> 'received_at')::timestamptz WHERE opened IS NOT NULL;

-- Cases that need a leader in charge and have none, since nobody fits: a supervisor appoints one.
CREATE TABLE dispatch.leaders_wanted (
    case_id uuid CONSTRAINT leaders_wanted_pkey PRIMARY KEY REFERENCES dispatch.cases (case_id),
    event jsonb NOT NULL,
    since timestamptz NOT NULL,
    appointed_at timestamptz
);
CREATE INDEX leaders_wanted_open_idx ON dispatch.leaders_wanted (since) WHERE appointed_at IS NULL;  -- what waits
