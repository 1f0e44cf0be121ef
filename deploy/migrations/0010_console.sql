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
