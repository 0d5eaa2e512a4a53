-- +goose Up
-- Who is in a case. Nobody is in every case by themselves.

CREATE TABLE case_members (
	case_id   TEXT NOT NULL REFERENCES cases (id),
	member_id TEXT NOT NULL REFERENCES members (id),
	added     TEXT NOT NULL,
	by_id     TEXT NOT NULL REFERENCES members (id),
	PRIMARY KEY (case_id, member_id)
);
CREATE INDEX case_members_member ON case_members (member_id);
CREATE INDEX persons_case ON persons (case_id);
CREATE INDEX person_groups_case ON person_groups (case_id);
CREATE INDEX sources_case ON sources (case_id);
CREATE INDEX statuses_case ON statuses (case_id);
CREATE INDEX drafts_case ON drafts (case_id);
CREATE INDEX releases_draft ON releases (draft_id);
CREATE INDEX items_by ON items (by_id);

INSERT INTO case_members (case_id, member_id, added, by_id) SELECT id, by_id, opened, by_id FROM cases;

-- +goose Down
DROP INDEX items_by;
DROP INDEX releases_draft;
DROP INDEX drafts_case;
DROP INDEX statuses_case;
DROP INDEX sources_case;
DROP INDEX person_groups_case;
DROP INDEX persons_case;
DROP TABLE case_members;
