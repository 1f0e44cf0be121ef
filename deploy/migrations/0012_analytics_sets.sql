-- Analytics: which values a day has, so that different people and matters of any window are counted without reading its rows.
-- depends: 0011_analytics

-- Of every measure that counts different values of deploy/rules/indicators.yaml: the values of a day, for the same city,
-- districts and members as analytics.daily. `keys` holds eight bytes a value (hashtextextended), in order; a window's figure
-- is the size of the union of its days.
CREATE TABLE analytics.daily_sets (
    dimension text NOT NULL,
    region text NOT NULL,
    day date NOT NULL,
    member text NOT NULL,
    measure text NOT NULL,
    keys bytea NOT NULL,
    CONSTRAINT daily_sets_pkey PRIMARY KEY (dimension, region, day, member, measure)
);
ALTER TABLE analytics.daily_sets ALTER COLUMN keys SET STORAGE EXTERNAL;  -- hashes do not compress
CREATE INDEX daily_sets_day_idx ON analytics.daily_sets (day);

-- Whether the day's values changed too: most of what makes a day dirty is an act on a case, and only complaints have them.
ALTER TABLE analytics.dirty_days ADD COLUMN sets boolean NOT NULL DEFAULT true;

-- The days there are, to be filled at the next refresh.
INSERT INTO analytics.dirty_days (day) SELECT DISTINCT received_on FROM analytics.complaint_facts ON CONFLICT DO NOTHING;

-- Counting by site reads these columns and no others; what this index held before is in the sets.
DROP INDEX analytics.complaint_facts_received_idx;
CREATE INDEX complaint_facts_received_idx ON analytics.complaint_facts (received_on)
INCLUDE (site_key, respondent_key, reporter, weight, kind, region, reporter_ordinal);

GRANT SELECT, INSERT, UPDATE, DELETE ON analytics.daily_sets TO petitions_service;
