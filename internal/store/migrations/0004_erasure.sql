-- +goose Up
-- What is left of an item that was withdrawn: no row of it, and this one.
CREATE TABLE erasures (
	id       TEXT PRIMARY KEY, -- of the item
	case_id  TEXT REFERENCES cases (id),
	entry    BIGINT NOT NULL, -- of the journal
	made     TEXT NOT NULL,
	by_id    TEXT NOT NULL REFERENCES members (id),
	finished TEXT NOT NULL,
	sealed   BYTEA NOT NULL
);

-- Blobs whose keys are destroyed and that still have to be deleted.
CREATE TABLE erasing (
	blob    TEXT PRIMARY KEY,
	item_id TEXT NOT NULL
);

CREATE TABLE backups (
	id      TEXT PRIMARY KEY,
	place   TEXT NOT NULL,
	begun   BIGINT NOT NULL, -- its first entry in the journal
	entries BIGINT NOT NULL, -- of the journal, in what it holds; 0 until it is whole
	made    TEXT NOT NULL,
	by_id   TEXT NOT NULL REFERENCES members (id),
	sealed  BYTEA NOT NULL
);
CREATE INDEX backups_place ON backups (place);

-- +goose Down
DROP TABLE backups;
DROP TABLE erasing;
DROP TABLE erasures;
