-- A worker asks for complaints that share a feature only where its index cannot hold them: in a district it has not read,
-- or written since it read there.
-- depends: 0014_leader_loads

ALTER TABLE triage.guards
    ADD COLUMN shard text NOT NULL DEFAULT '',
    ADD COLUMN changed xid8 NOT NULL DEFAULT pg_current_xact_id();
