-- 按期答复 beside 按期办结: an interim answer in time ends the duty to answer, the conclusion has a day of its own.
-- depends: 0011_analytics

ALTER TABLE analytics.round_facts ADD COLUMN answer_in_time boolean, ADD COLUMN answer_due_on date;
CREATE INDEX round_facts_answer_idx ON analytics.round_facts (answer_due_on) WHERE answer_due_on IS NOT NULL;
