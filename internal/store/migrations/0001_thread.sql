-- +goose Up
-- Columns hold IDs, codes, dates and links. All that is a name, a word or a
-- note lies in "sealed", which only the program can open.

CREATE TABLE vault (
	id     TEXT PRIMARY KEY,
	origin TEXT NOT NULL,
	demo   BOOLEAN NOT NULL
);

CREATE TABLE journal_entries (
	seq    BIGINT PRIMARY KEY,
	entry  BYTEA NOT NULL,
	subject TEXT NOT NULL,
	sealed BYTEA NOT NULL -- the salt of its digests
);
CREATE INDEX journal_entries_subject ON journal_entries (subject);

CREATE TABLE journal_hashes (
	idx  BIGINT PRIMARY KEY,
	hash BYTEA NOT NULL
);

CREATE TABLE checkpoints (
	size BIGINT PRIMARY KEY,
	note BYTEA NOT NULL
);

CREATE TABLE members (
	id     TEXT PRIMARY KEY,
	role   TEXT NOT NULL,
	added  TEXT NOT NULL,
	sealed BYTEA NOT NULL
);

CREATE TABLE cases (
	id       TEXT PRIMARY KEY,
	ref      TEXT NOT NULL, -- not unique: a refusal would tell of a case that somebody is not in
	status   TEXT NOT NULL,
	priority TEXT NOT NULL,
	opened   TEXT NOT NULL,
	by_id    TEXT NOT NULL REFERENCES members (id),
	sealed   BYTEA NOT NULL
);

CREATE TABLE items (
	id       TEXT PRIMARY KEY,
	case_id  TEXT REFERENCES cases (id),
	material TEXT NOT NULL,
	size     BIGINT NOT NULL,
	received TEXT NOT NULL,
	by_id    TEXT NOT NULL REFERENCES members (id),
	blob     TEXT NOT NULL UNIQUE,
	blob_key BYTEA NOT NULL,
	same     BYTEA NOT NULL, -- keyed hash of the digest: finds the same content again, tells nothing
	sealed   BYTEA NOT NULL
);
CREATE INDEX items_same ON items (same);
CREATE INDEX items_case ON items (case_id);

CREATE TABLE plans (
	id        TEXT PRIMARY KEY,
	item_id   TEXT NOT NULL REFERENCES items (id),
	made      TEXT NOT NULL,
	by_id     TEXT NOT NULL REFERENCES members (id),
	accepted  TEXT NOT NULL,
	accept_id TEXT NOT NULL,
	sealed    BYTEA NOT NULL
);
CREATE INDEX plans_item ON plans (item_id);

CREATE TABLE renditions (
	id       TEXT PRIMARY KEY,
	item_id  TEXT NOT NULL REFERENCES items (id),
	plan_id  TEXT NOT NULL REFERENCES plans (id),
	kind     TEXT NOT NULL,
	media    TEXT NOT NULL,
	tool     TEXT NOT NULL,
	size     BIGINT NOT NULL,
	made     TEXT NOT NULL,
	by_id    TEXT NOT NULL REFERENCES members (id),
	blob     TEXT NOT NULL UNIQUE,
	blob_key BYTEA NOT NULL,
	sealed   BYTEA NOT NULL
);
CREATE INDEX renditions_item ON renditions (item_id);

CREATE TABLE persons (
	id      TEXT PRIMARY KEY,
	case_id TEXT NOT NULL REFERENCES cases (id),
	added   TEXT NOT NULL,
	sealed  BYTEA NOT NULL
);

CREATE TABLE person_groups (
	id       TEXT PRIMARY KEY,
	case_id  TEXT NOT NULL REFERENCES cases (id),
	min      BIGINT NOT NULL,
	max      BIGINT NOT NULL,
	estimate BOOLEAN NOT NULL,
	added    TEXT NOT NULL,
	sealed   BYTEA NOT NULL
);

CREATE TABLE sources (
	id          TEXT PRIMARY KEY,
	case_id     TEXT NOT NULL REFERENCES cases (id),
	reliability TEXT NOT NULL,
	protected   BOOLEAN NOT NULL,
	added       TEXT NOT NULL,
	sealed      BYTEA NOT NULL
);

CREATE TABLE claims (
	id        TEXT PRIMARY KEY,
	case_id   TEXT NOT NULL REFERENCES cases (id),
	source_id TEXT NOT NULL REFERENCES sources (id),
	item_id   TEXT NOT NULL REFERENCES items (id),
	form      TEXT NOT NULL,
	type      TEXT NOT NULL,
	span_from BIGINT NOT NULL,
	span_to   BIGINT NOT NULL,
	edtf      TEXT NOT NULL,
	earliest  TEXT NOT NULL,
	latest    TEXT NOT NULL,
	added     TEXT NOT NULL,
	by_id     TEXT NOT NULL REFERENCES members (id),
	sealed    BYTEA NOT NULL
);
CREATE INDEX claims_case ON claims (case_id);

CREATE TABLE statuses (
	id       TEXT PRIMARY KEY,
	case_id  TEXT NOT NULL REFERENCES cases (id),
	subject  TEXT NOT NULL,
	code     TEXT NOT NULL,
	at_risk  BOOLEAN NOT NULL,
	owner_id TEXT NOT NULL REFERENCES members (id),
	next     TEXT NOT NULL,
	added    TEXT NOT NULL,
	by_id    TEXT NOT NULL REFERENCES members (id),
	sealed   BYTEA NOT NULL
);
CREATE INDEX statuses_subject ON statuses (subject);

CREATE TABLE status_claims (
	status_id TEXT NOT NULL REFERENCES statuses (id),
	claim_id  TEXT NOT NULL REFERENCES claims (id),
	PRIMARY KEY (status_id, claim_id)
);

CREATE TABLE drafts (
	id       TEXT PRIMARY KEY,
	case_id  TEXT NOT NULL REFERENCES cases (id),
	by_id    TEXT NOT NULL REFERENCES members (id),
	language TEXT NOT NULL,
	state    TEXT NOT NULL,
	made     TEXT NOT NULL,
	sealed   BYTEA NOT NULL
);

CREATE TABLE approvals (
	id       TEXT PRIMARY KEY,
	draft_id TEXT NOT NULL REFERENCES drafts (id),
	digest   TEXT NOT NULL,
	granted  BOOLEAN NOT NULL,
	made     TEXT NOT NULL,
	by_id    TEXT NOT NULL REFERENCES members (id),
	sealed   BYTEA NOT NULL -- the reason, where it was refused
);
CREATE INDEX approvals_draft ON approvals (draft_id);

CREATE TABLE releases (
	id          TEXT PRIMARY KEY,
	draft_id    TEXT NOT NULL REFERENCES drafts (id),
	approval_id TEXT NOT NULL REFERENCES approvals (id),
	digest      TEXT NOT NULL,
	made        TEXT NOT NULL,
	by_id       TEXT NOT NULL REFERENCES members (id)
);

-- +goose Down
DROP TABLE releases;
DROP TABLE approvals;
DROP TABLE drafts;
DROP TABLE status_claims;
DROP TABLE statuses;
DROP TABLE claims;
DROP TABLE sources;
DROP TABLE person_groups;
DROP TABLE persons;
DROP TABLE renditions;
DROP TABLE plans;
DROP TABLE items;
DROP TABLE cases;
DROP TABLE members;
DROP TABLE checkpoints;
DROP TABLE journal_hashes;
DROP TABLE journal_entries;
DROP TABLE vault;
