-- +goose Up
-- "generation" is that of the root under which pages and checkpoints are written;
-- "wanted" is ahead of it from the moment somebody is removed until everything is
-- done. "compartment" is the generation wanted of the compartment's key.

ALTER TABLE vault ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE vault ADD COLUMN wanted BIGINT NOT NULL DEFAULT 1;
ALTER TABLE vault ADD COLUMN compartment BIGINT NOT NULL DEFAULT 1;
ALTER TABLE vault ADD COLUMN sealed BYTEA; -- whom the recovery code is

ALTER TABLE members ADD COLUMN removed TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN custodian BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE persons ADD COLUMN sealed_identity BYTEA; -- under the compartment's key
ALTER TABLE persons ADD COLUMN sealed_names BIGINT NOT NULL DEFAULT 0;

CREATE TABLE journal_keys (
	generation BIGINT PRIMARY KEY,
	verifier   TEXT NOT NULL,
	since      BIGINT NOT NULL, -- it signs states with more entries than this
	note       BYTEA NOT NULL   -- signed by the key before it
);

-- +goose Down
DROP TABLE journal_keys;
ALTER TABLE persons DROP COLUMN sealed_names;
ALTER TABLE persons DROP COLUMN sealed_identity;
ALTER TABLE members DROP COLUMN custodian;
ALTER TABLE members DROP COLUMN removed;
ALTER TABLE vault DROP COLUMN sealed;
ALTER TABLE vault DROP COLUMN compartment;
ALTER TABLE vault DROP COLUMN wanted;
ALTER TABLE vault DROP COLUMN generation;
