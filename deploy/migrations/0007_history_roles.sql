-- Who may do what to history: services may add to it and read it, and nothing else. Production connects as a login
-- that is a member of `petitions_service`; whoever migrates owns the tables and is not that login.
-- depends: 0006_link_book

DO $$
BEGIN
    PERFORM pg_advisory_lock(7005);  -- roles belong to the whole server, and several databases may be migrated at once
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'petitions_service') THEN
        CREATE ROLE petitions_service NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'petitions_reader') THEN
        CREATE ROLE petitions_reader NOLOGIN;
    END IF;
    PERFORM pg_advisory_unlock(7005);
END
$$;

GRANT USAGE ON SCHEMA bus, intake, vault, triage, dispatch, access, casework TO petitions_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bus, intake, vault, triage, dispatch, access, casework TO petitions_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA bus, intake, vault, triage, dispatch, access, casework TO petitions_service;

-- History: what happened to cases, what anchors it, who saw identities, which links were made, earlier versions.
REVOKE UPDATE, DELETE, TRUNCATE ON casework.events, casework.anchors, casework.anchor_heads, casework.returns FROM petitions_service;
REVOKE UPDATE, DELETE, TRUNCATE ON vault.unsealings, triage.links, intake.complaint_versions, dispatch.returns FROM petitions_service;
REVOKE DELETE, TRUNCATE ON casework.cases, intake.complaints, vault.originals FROM petitions_service;

-- For reports and other people's tools: no identities, no tokens, no sealed letters.
GRANT USAGE ON SCHEMA intake, triage, dispatch, casework TO petitions_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA triage, dispatch, casework TO petitions_reader;
REVOKE SELECT ON casework.idempotency FROM petitions_reader;

-- Schemas and tables of later migrations are the services' to work with, unless they say otherwise.
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO petitions_service;
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO petitions_service;
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO petitions_service;
