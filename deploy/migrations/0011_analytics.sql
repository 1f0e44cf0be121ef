-- Analytics: one row a fact, days summed up, and what the city's own tools may read. Everything here is rebuilt from the
-- log and the links by `petitions analytics rebuild`. No identities: a petitioner is the opaque token triage has, and
-- `analytics_public` shows not even that.
-- depends: 0005_casework

CREATE SCHEMA analytics;

-- What an event said has changed and is not yet counted anew. Appended by handlers, taken by one refresher at a time.
CREATE TABLE analytics.touched (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT touched_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT touched_kind_check CHECK (kind IN ('complaint', 'case')),
    entity uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- Days whose sums are to be made anew.
CREATE TABLE analytics.dirty_days (
    day date CONSTRAINT dirty_days_pkey PRIMARY KEY
);

-- One row a complaint and case it is in; several where it is split, when the weights sum to one. `received_on` is the
-- day in China. Case dimensions (unit, leader, declined, site) stand here too, so that counting never joins.
CREATE TABLE analytics.complaint_facts (
    complaint_id uuid NOT NULL,
    case_id uuid NOT NULL,
    receipt_no text NOT NULL,
    received_at timestamptz NOT NULL,
    received_on date NOT NULL,
    region text,
    channel text NOT NULL,
    types text[] NOT NULL,
    subtype text,
    environmental boolean NOT NULL,
    key_item boolean NOT NULL,
    anonymous boolean NOT NULL,
    reporter text,
    signatories integer NOT NULL,
    respondent text,
    respondent_key text,
    place text,
    place_key text,
    kind text NOT NULL,
    band text,
    machine boolean NOT NULL,
    weight numeric(4, 2) NOT NULL,
    persons numeric(12, 2) NOT NULL,
    valid boolean NOT NULL,
    case_ordinal integer,       -- how many-th counted complaint of its case; none for the same item delivered twice
    reporter_ordinal integer,   -- how many-th of the same petitioner in it; none for an anonymous one
    after_supervision boolean NOT NULL DEFAULT false,
    unit text,
    leader text,
    site_key text,
    CONSTRAINT complaint_facts_pkey PRIMARY KEY (complaint_id, case_id)
);
CREATE INDEX complaint_facts_received_idx ON analytics.complaint_facts (received_on) INCLUDE (case_id, reporter, region, kind, valid, reporter_ordinal);
CREATE INDEX complaint_facts_case_idx ON analytics.complaint_facts (case_id);
CREATE INDEX complaint_facts_region_idx ON analytics.complaint_facts (region, received_on);
CREATE INDEX complaint_facts_respondent_idx ON analytics.complaint_facts (respondent_key, received_on) WHERE respondent_key IS NOT NULL;
CREATE INDEX complaint_facts_site_idx ON analytics.complaint_facts (site_key, received_on) WHERE site_key IS NOT NULL;

-- One row a case.
CREATE TABLE analytics.case_facts (
    case_id uuid CONSTRAINT case_facts_pkey PRIMARY KEY,
    case_no text NOT NULL,
    version integer NOT NULL,   -- of the case's log; 0 before casework has it
    status text NOT NULL,
    live boolean NOT NULL,
    resolved boolean NOT NULL,
    region text,
    channel text NOT NULL,
    types text[] NOT NULL,
    subtype text,
    environmental boolean NOT NULL,
    key_item boolean NOT NULL,
    urgency text NOT NULL,
    respondent text,
    respondent_key text,
    place text,
    site_key text,
    unit text,
    unit_name text NOT NULL,
    leader text,
    leader_name text NOT NULL,
    verdict text,
    complaints numeric(12, 2) NOT NULL,
    deliveries numeric(12, 2) NOT NULL,
    reporters integer NOT NULL,
    repeat_ordinal integer NOT NULL,
    repeats_after_supervision integer NOT NULL,
    ordinal integer NOT NULL,
    rebounds integer NOT NULL,
    fakes integer NOT NULL,
    supervisions integer NOT NULL,
    step text,
    merged_into uuid,
    opened_on date NOT NULL,
    first_received_on date NOT NULL,
    last_received_on date NOT NULL,
    leader_on date,
    supervised_on date,
    first_closed_on date,
    days_to_close numeric(10, 2)
);
CREATE INDEX case_facts_opened_idx ON analytics.case_facts (opened_on);
CREATE INDEX case_facts_received_idx ON analytics.case_facts (first_received_on);
CREATE INDEX case_facts_leader_idx ON analytics.case_facts (leader_on) WHERE leader_on IS NOT NULL;
CREATE INDEX case_facts_supervised_idx ON analytics.case_facts (supervised_on) WHERE supervised_on IS NOT NULL;
CREATE INDEX case_facts_closed_idx ON analytics.case_facts (first_closed_on) WHERE first_closed_on IS NOT NULL;
CREATE INDEX case_facts_site_idx ON analytics.case_facts (site_key) WHERE site_key IS NOT NULL;
CREATE INDEX case_facts_respondent_idx ON analytics.case_facts (respondent_key) WHERE respondent_key IS NOT NULL;
CREATE INDEX case_facts_case_no_idx ON analytics.case_facts (case_no);

-- One row a round of handling: from opening or reopening to the next reopening.
CREATE TABLE analytics.round_facts (
    case_id uuid NOT NULL,
    ordinal integer NOT NULL,
    region text, channel text NOT NULL, types text[] NOT NULL, environmental boolean NOT NULL, key_item boolean NOT NULL,
    respondent_key text, site_key text, unit text, leader text,
    repeat_ordinal integer NOT NULL,
    outcome text NOT NULL,
    verdict text,
    returns integer NOT NULL,
    sent_back integer NOT NULL,
    fake boolean NOT NULL,
    rebound boolean NOT NULL,
    look_back_passed boolean,
    in_time boolean, notice_in_time boolean, sign_in_in_time boolean,
    started_on date NOT NULL, assigned_on date, accepted_on date, verified_on date, stage_concluded_on date, concluded_on date,
    closed_out_on date, looked_back_on date, rebound_on date, due_on date, notice_due_on date, sign_in_due_on date, leader_on date,
    days_to_accept numeric(10, 2), days_to_conclude numeric(10, 2), days_to_close numeric(10, 2), rebound_days numeric(10, 2),
    CONSTRAINT round_facts_pkey PRIMARY KEY (case_id, ordinal)
);
CREATE INDEX round_facts_assigned_idx ON analytics.round_facts (assigned_on) WHERE assigned_on IS NOT NULL;
CREATE INDEX round_facts_accepted_idx ON analytics.round_facts (accepted_on) WHERE accepted_on IS NOT NULL;
CREATE INDEX round_facts_verified_idx ON analytics.round_facts (verified_on) WHERE verified_on IS NOT NULL;
CREATE INDEX round_facts_concluded_idx ON analytics.round_facts (concluded_on) WHERE concluded_on IS NOT NULL;
CREATE INDEX round_facts_closed_idx ON analytics.round_facts (closed_out_on) WHERE closed_out_on IS NOT NULL;
CREATE INDEX round_facts_looked_idx ON analytics.round_facts (looked_back_on) WHERE looked_back_on IS NOT NULL;
CREATE INDEX round_facts_rebound_idx ON analytics.round_facts (rebound_on) WHERE rebound_on IS NOT NULL;
CREATE INDEX round_facts_due_idx ON analytics.round_facts (due_on) WHERE due_on IS NOT NULL;
CREATE INDEX round_facts_notice_idx ON analytics.round_facts (notice_due_on) WHERE notice_due_on IS NOT NULL;
CREATE INDEX round_facts_sign_in_idx ON analytics.round_facts (sign_in_due_on) WHERE sign_in_due_on IS NOT NULL;

-- One row a call-back; `last` is the one that counts of each petitioner in a round.
CREATE TABLE analytics.callback_facts (
    case_id uuid NOT NULL, version integer NOT NULL, ordinal integer NOT NULL,
    region text, channel text NOT NULL, types text[] NOT NULL, environmental boolean NOT NULL, key_item boolean NOT NULL,
    respondent_key text, site_key text, unit text, leader text,
    called_on date NOT NULL, reporter text NOT NULL, outcome text NOT NULL, contacted boolean, solved boolean, last boolean NOT NULL,
    CONSTRAINT callback_facts_pkey PRIMARY KEY (case_id, version)
);
CREATE INDEX callback_facts_called_idx ON analytics.callback_facts (called_on);

-- One row a return of an assignment; `unit` is the unit that returned it.
CREATE TABLE analytics.return_facts (
    case_id uuid NOT NULL, version integer NOT NULL,
    region text, channel text NOT NULL, types text[] NOT NULL, environmental boolean NOT NULL, key_item boolean NOT NULL,
    respondent_key text, site_key text, unit text, leader text,
    returned_on date NOT NULL, ground text NOT NULL, lead boolean NOT NULL,
    CONSTRAINT return_facts_pkey PRIMARY KEY (case_id, version)
);
CREATE INDEX return_facts_returned_idx ON analytics.return_facts (returned_on);

-- One row an automatic link or suggestion of the machine, with what people said to it.
CREATE TABLE analytics.link_facts (
    link_id uuid CONSTRAINT link_facts_pkey PRIMARY KEY,
    complaint_id uuid NOT NULL, case_id uuid NOT NULL,
    region text, channel text NOT NULL, types text[] NOT NULL, environmental boolean NOT NULL, key_item boolean NOT NULL,
    respondent_key text, site_key text, unit text, leader text,
    decided_on date NOT NULL, act text NOT NULL, kind text NOT NULL, score double precision NOT NULL, model text, answer text,
    answered_on date
);
CREATE INDEX link_facts_decided_idx ON analytics.link_facts (decided_on);
CREATE INDEX link_facts_complaint_idx ON analytics.link_facts (complaint_id);

-- Sums of every additive measure of deploy/rules/indicators.yaml a day: for the city (region '') and each district ('-'
-- where unknown), of everything and of each member of a dimension. `sums` maps measure to number; zeros are left out.
CREATE TABLE analytics.daily (
    dimension text NOT NULL CONSTRAINT daily_dimension_check CHECK (dimension IN ('all', 'unit', 'leader', 'channel', 'type')),
    region text NOT NULL,
    day date NOT NULL,
    member text NOT NULL,
    sums jsonb NOT NULL,
    CONSTRAINT daily_pkey PRIMARY KEY (dimension, region, day, member)
);
CREATE INDEX daily_day_idx ON analytics.daily (day);

-- A measure and its value, in statements that give several.
CREATE TYPE analytics.named AS (measure text, value numeric);

-- When the sums last changed, and under which dictionary: pages and charts are kept until it moves.
CREATE TABLE analytics.state (
    one boolean CONSTRAINT state_pkey PRIMARY KEY DEFAULT true CONSTRAINT state_one_check CHECK (one),
    generation bigint NOT NULL DEFAULT 0,
    dictionary text,
    refreshed_at timestamptz
);
INSERT INTO analytics.state DEFAULT VALUES;

-- For the city's own tools: read-only, no petitioner (not even opaque), no free text, groups of fewer than five petitioners
-- left out. A login is given it, and nothing else, by: GRANT petitions_figures TO login.
CREATE SCHEMA analytics_public;

CREATE VIEW analytics_public.daily_sums AS
SELECT d.day, d.region, d.dimension, d.member, s.key AS measure, s.value::numeric AS value
FROM analytics.daily d CROSS JOIN LATERAL jsonb_each(d.sums) s
WHERE d.dimension IN ('all', 'unit', 'channel', 'type');
COMMENT ON VIEW analytics_public.daily_sums IS '每日各项计数，measure 见 deploy/rules/indicators.yaml；region 空为全市，- 为区县不明';

CREATE VIEW analytics_public.cases AS
SELECT case_no, region, types, subtype, channel, urgency, status, verdict, unit, unit_name, complaints, ordinal, rebounds, fakes,
       supervisions, step, opened_on, first_received_on, last_received_on, leader_on IS NOT NULL AS has_leader, first_closed_on,
       days_to_close, CASE WHEN reporters < 5 THEN NULL ELSE reporters END AS reporters
FROM analytics.case_facts WHERE live;
COMMENT ON VIEW analytics_public.cases IS '每案一行；信访人数少于5人的不给出';

CREATE VIEW analytics_public.rounds AS
SELECT c.case_no, r.ordinal, r.region, r.types, r.unit, r.outcome, r.verdict, r.returns, r.sent_back, r.fake, r.rebound, r.look_back_passed,
       r.in_time, r.started_on, r.assigned_on, r.verified_on, r.concluded_on, r.due_on, r.closed_out_on, r.looked_back_on, r.rebound_on
FROM analytics.round_facts r JOIN analytics.case_facts c USING (case_id);
COMMENT ON VIEW analytics_public.rounds IS '每轮办理一行：立案或重新立案至下一次重新立案';

CREATE VIEW analytics_public.monthly_sites AS
SELECT date_trunc('month', f.received_on)::date AS month, f.region, c.respondent, sum(f.weight) AS submissions,
       count(DISTINCT f.reporter) AS petitioners
FROM analytics.complaint_facts f JOIN analytics.case_facts c USING (case_id)
WHERE f.kind <> 'DUPLICATE_DELIVERY' AND c.respondent IS NOT NULL
GROUP BY 1, 2, 3 HAVING count(DISTINCT f.reporter) >= 5;
COMMENT ON VIEW analytics_public.monthly_sites IS '每月被举报单位的件次和信访人数；不足5人的不列';

-- Logins that may read figures and nothing else; the services' own role where the installation has one.
DO $$
BEGIN
    PERFORM pg_advisory_lock(7005);  -- roles belong to the whole server, and several databases may be migrated at once
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'petitions_figures') THEN
        CREATE ROLE petitions_figures NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'petitions_service') THEN
        CREATE ROLE petitions_service NOLOGIN;
    END IF;
    PERFORM pg_advisory_unlock(7005);
END
$$;
GRANT USAGE ON SCHEMA analytics TO petitions_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA analytics TO petitions_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA analytics TO petitions_service;
GRANT USAGE ON SCHEMA analytics_public TO petitions_service, petitions_figures;
GRANT SELECT ON ALL TABLES IN SCHEMA analytics_public TO petitions_service, petitions_figures;
