-- +goose Up
-- An edit makes a new version of a plan. None has two: who comes second is told.

ALTER TABLE plans ADD COLUMN of_id TEXT REFERENCES plans (id);
ALTER TABLE plans ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX plans_of ON plans (of_id);

-- +goose Down
DROP INDEX plans_of;
ALTER TABLE plans DROP COLUMN version;
ALTER TABLE plans DROP COLUMN of_id;
