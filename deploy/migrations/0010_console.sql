-- Console: local accounts, sessions, log-ins under way, and what was released for the public page.
-- depends: 0005_casework

CREATE SCHEMA console;

-- People who log in with a password here; everybody else comes by OIDC. Principals stand in access.principals.
CREATE TABLE console.accounts (
    login text CONSTRAINT accounts_pkey PRIMARY KEY,
    principal_id text NOT NULL,
    password_hash text NOT NULL,        -- Argon2id, parameters inside
    must_change boolean NOT NULL DEFAULT false,
    disabled boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL
);
CREATE INDEX accounts_principal_idx ON console.accounts (principal_id);

-- A session is found by the keyed hash of its cookie; neither this table nor a backup of it can be used to log in.
CREATE TABLE console.sessions (
    digest bytea CONSTRAINT sessions_pkey PRIMARY KEY,
    principal_id text NOT NULL,
    how text NOT NULL CONSTRAINT sessions_how_check CHECK (how IN ('password', 'oidc')),
    issued_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_principal_idx ON console.sessions (principal_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expires_idx ON console.sessions (expires_at);  -- the purge

-- Attempts of the last minutes by keyed hash of the login name and of the address: any instance sees them all.
CREATE TABLE console.login_attempts (
    subject bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX login_attempts_subject_idx ON console.login_attempts (subject, at);

-- Authorization requests on their way to the provider and back; each is used once.
CREATE TABLE console.oidc_requests (
    state bytea CONSTRAINT oidc_requests_pkey PRIMARY KEY,
    nonce text NOT NULL,
    verifier text NOT NULL,
    next text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Identities shown to somebody: for a minute only, wherever the page is loaded again.
CREATE TABLE console.reveals (
    id uuid CONSTRAINT reveals_pkey PRIMARY KEY,
    principal_id text NOT NULL,
    complaint_id uuid NOT NULL,
    case_id uuid NOT NULL,
    fields text[] NOT NULL,
    purpose text NOT NULL,
    at timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX reveals_case_idx ON console.reveals (case_id, at);
CREATE INDEX reveals_at_idx ON console.reveals (at);

-- What goes out on the public page: a rewritten line per case, released by a second person.
CREATE TABLE console.publications (
    case_id uuid CONSTRAINT publications_pkey PRIMARY KEY,
    line jsonb NOT NULL,
    prepared_by text NOT NULL,
    prepared_at timestamptz NOT NULL,
    released_by text,
    released_at timestamptz,
    withdrawn_at timestamptz
);
CREATE INDEX publications_released_idx ON console.publications (released_at) WHERE released_at IS NOT NULL AND withdrawn_at IS NULL;

-- Where live cases stand and with whom, kept in the transaction that changes the case, so that lists never lag behind an
-- act and casework.cases needs no index on what changes with every event. `console.rebuild()` makes it anew.
CREATE TABLE console.standing (
    case_id uuid CONSTRAINT standing_pkey PRIMARY KEY,
    status text NOT NULL,
    region text,
    leader_id text,
    proposals integer NOT NULL DEFAULT 0,   -- decisions that wait for a second person
    since timestamptz NOT NULL
);
CREATE INDEX standing_status_idx ON console.standing (status, since);
CREATE INDEX standing_leader_idx ON console.standing (leader_id) WHERE leader_id IS NOT NULL;
CREATE INDEX standing_proposals_idx ON console.standing (since) WHERE proposals > 0;

CREATE TABLE console.parts (
    case_id uuid NOT NULL,
    unit_id text NOT NULL,
    lead boolean NOT NULL,
    state text NOT NULL,
    CONSTRAINT parts_pkey PRIMARY KEY (unit_id, case_id)
);
CREATE INDEX parts_case_idx ON console.parts (case_id);

-- Pairs of characters of what a case is called, for the search box: no dictionary knows the names of places and shops.
CREATE TABLE console.names (
    case_id uuid CONSTRAINT names_pkey PRIMARY KEY,
    text text NOT NULL,
    pairs text[] NOT NULL
);
CREATE INDEX names_pairs_idx ON console.names USING gin (pairs) WITH (fastupdate = off);

CREATE FUNCTION console.plain(words text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT lower(regexp_replace(coalesce(words, ''), '[[:space:]，。、；：！？（）“”《》,.;:!?()"-]+', '', 'g')) $$;

CREATE FUNCTION console.pairs(plain text) RETURNS text[] LANGUAGE sql IMMUTABLE AS
$$ SELECT coalesce(array_agg(DISTINCT substr(plain, i, 2)), '{}') FROM generate_series(1, greatest(length(plain) - 1, 0)) AS i $$;

CREATE FUNCTION console.note_standing() RETURNS trigger LANGUAGE plpgsql AS
$$
DECLARE
    unit text;
BEGIN
    FOR unit IN SELECT unit_id FROM console.parts WHERE case_id = NEW.case_id LOOP
        PERFORM pg_notify('petitions_work', unit);
    END LOOP;
    DELETE FROM console.parts WHERE case_id = NEW.case_id;
    DELETE FROM console.standing WHERE case_id = NEW.case_id;
    IF NEW.status NOT IN ('merged', 'declined', 'untrue') THEN
        INSERT INTO console.standing (case_id, status, region, leader_id, proposals, since)
        VALUES (NEW.case_id, NEW.status, NEW.region, NEW.leader_id, jsonb_array_length(coalesce(NEW.state -> 'proposals', '[]')), NEW.last_event_at);
    END IF;
    IF NEW.status NOT IN ('merged', 'declined', 'untrue', 'closed_out', 'looked_back') THEN
        INSERT INTO console.parts (case_id, unit_id, lead, state)
        SELECT NEW.case_id, p ->> 'unit_id', bool_or(p ->> 'role' = '主办'), min(coalesce(p ->> 'state', 'pending'))
        FROM jsonb_array_elements(coalesce(NEW.state -> 'parts', '[]')) AS p
        WHERE coalesce(p ->> 'state', 'pending') NOT IN ('returned', 'withdrawn') GROUP BY p ->> 'unit_id';
        FOR unit IN SELECT unit_id FROM console.parts WHERE case_id = NEW.case_id LOOP
            PERFORM pg_notify('petitions_work', unit);
        END LOOP;
    END IF;
    PERFORM pg_notify('petitions_work', '');
    RETURN NULL;
END
$$;

CREATE FUNCTION console.note_names() RETURNS trigger LANGUAGE plpgsql AS
$$
DECLARE
    words text := console.plain(concat(NEW.respondent, NEW.place, NEW.summary));
BEGIN
    INSERT INTO console.names (case_id, text, pairs) VALUES (NEW.case_id, words, console.pairs(words))
    ON CONFLICT (case_id) DO UPDATE SET text = excluded.text, pairs = excluded.pairs;
    RETURN NULL;
END
$$;

CREATE TRIGGER console_standing_new AFTER INSERT ON casework.cases FOR EACH ROW EXECUTE FUNCTION console.note_standing();
CREATE TRIGGER console_standing_changed AFTER UPDATE ON casework.cases FOR EACH ROW
WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.region IS DISTINCT FROM NEW.region OR OLD.leader_id IS DISTINCT FROM NEW.leader_id
      OR OLD.state -> 'parts' IS DISTINCT FROM NEW.state -> 'parts' OR OLD.state -> 'proposals' IS DISTINCT FROM NEW.state -> 'proposals')
EXECUTE FUNCTION console.note_standing();
CREATE TRIGGER console_names_new AFTER INSERT ON casework.cases FOR EACH ROW EXECUTE FUNCTION console.note_names();
CREATE TRIGGER console_names_changed AFTER UPDATE OF respondent, place, summary ON casework.cases FOR EACH ROW
WHEN (OLD.respondent IS DISTINCT FROM NEW.respondent OR OLD.place IS DISTINCT FROM NEW.place OR OLD.summary IS DISTINCT FROM NEW.summary)
EXECUTE FUNCTION console.note_names();

CREATE INDEX links_suggested_idx ON triage.links (at) WHERE act = 'suggest';  -- what waits for a person's review

-- Files of complaints on their way: sealed while a clerk looks at the preview, gone once sent; then only what became of them.
CREATE TABLE console.uploads (
    id uuid CONSTRAINT uploads_pkey PRIMARY KEY,
    principal_id text NOT NULL,
    suffix text NOT NULL,
    source text NOT NULL,
    columns jsonb NOT NULL DEFAULT '{}',
    key_id text,
    sealed bytea,
    external_ids text[] NOT NULL DEFAULT '{}',
    refused integer NOT NULL DEFAULT 0,
    at timestamptz NOT NULL,
    sent_at timestamptz
);
CREATE INDEX uploads_principal_idx ON console.uploads (principal_id, at);
CREATE INDEX uploads_waiting_idx ON console.uploads (at) WHERE sealed IS NOT NULL;  -- the sweep

-- Everything above made anew from casework.cases; returns how many cases there are. Readers wait for it.
CREATE FUNCTION console.rebuild() RETURNS bigint LANGUAGE plpgsql AS
$$
BEGIN
    LOCK TABLE console.standing, console.parts, console.names IN ACCESS EXCLUSIVE MODE;
    DELETE FROM console.standing;
    DELETE FROM console.parts;
    DELETE FROM console.names;
    INSERT INTO console.standing (case_id, status, region, leader_id, proposals, since)
    SELECT case_id, status, region, leader_id, jsonb_array_length(coalesce(state -> 'proposals', '[]')), last_event_at
    FROM casework.cases WHERE status NOT IN ('merged', 'declined', 'untrue');
    INSERT INTO console.parts (case_id, unit_id, lead, state)
    SELECT c.case_id, p ->> 'unit_id', bool_or(p ->> 'role' = '主办'), min(coalesce(p ->> 'state', 'pending'))
    FROM casework.cases c, jsonb_array_elements(coalesce(c.state -> 'parts', '[]')) AS p
    WHERE c.status NOT IN ('merged', 'declined', 'untrue', 'closed_out', 'looked_back')
      AND coalesce(p ->> 'state', 'pending') NOT IN ('returned', 'withdrawn') GROUP BY c.case_id, p ->> 'unit_id';
    INSERT INTO console.names (case_id, text, pairs)
    SELECT case_id, words, console.pairs(words)
    FROM (SELECT case_id, console.plain(concat(respondent, place, summary)) AS words FROM casework.cases) AS named;
    RETURN (SELECT count(*) FROM casework.cases);
END
$$;
