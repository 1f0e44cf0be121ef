-- A leader's load is his live cases: counting them must not grow with what has ended.
-- depends: 0013_answered_in_time

CREATE INDEX cases_load_idx ON dispatch.cases (leader_id) WHERE leader_id IS NOT NULL AND NOT ended;
DROP INDEX dispatch.cases_leader_idx;
CREATE INDEX parked_at_idx ON casework.parked (at);  -- the oldest, for petitions doctor and the metric
