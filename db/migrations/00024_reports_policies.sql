-- Reports of content, policies with their versions, and who accepted them.
-- +goose Up

-- What was reported about one item, until it is decided and its evidence is not
-- needed any more; then the row goes. The item itself may be gone before: it is
-- not referenced.
CREATE TABLE report_cases (
    id              uuid PRIMARY KEY,
    media_id        uuid NOT NULL,
    owner_id        uuid REFERENCES users ON DELETE SET NULL,
    -- The record of the item as it was at the first report: texts, checksum,
    -- metadata, whose it was and where.
    evidence        jsonb NOT NULL,
    -- The original; no other row frees it while this one is here.
    storage_key     text NOT NULL,
    opened_at       timestamptz NOT NULL,
    reported_at     timestamptz NOT NULL,
    reports         integer NOT NULL DEFAULT 1,
    -- Withheld from everybody but its owner, and why it was withheld before.
    hidden_at       timestamptz,
    withheld_before text CHECK (withheld_before = 'guest'),
    closed_at       timestamptz,
    closed_by       uuid REFERENCES users ON DELETE SET NULL,
    -- 'dismissed': it may stay; 'deleted': by an administrator; 'gone': its owner had deleted it.
    outcome         text CHECK (outcome IN ('dismissed', 'deleted', 'gone')),
    -- From when on row and object may go; null while open.
    keep_until      timestamptz,
    CHECK ((closed_at IS NULL) = (outcome IS NULL) AND (closed_at IS NULL) = (keep_until IS NULL))
);
CREATE UNIQUE INDEX report_cases_open_key ON report_cases (media_id) WHERE closed_at IS NULL;
CREATE INDEX report_cases_list_idx ON report_cases ((closed_at IS NOT NULL), id DESC);
CREATE INDEX report_cases_object_idx ON report_cases (storage_key);
CREATE INDEX report_cases_owner_idx ON report_cases (owner_id);
CREATE INDEX report_cases_closed_by_idx ON report_cases (closed_by);
CREATE INDEX report_cases_keep_idx ON report_cases (keep_until) WHERE keep_until IS NOT NULL;

CREATE TABLE reports (
    id            uuid PRIMARY KEY,
    case_id       uuid NOT NULL REFERENCES report_cases ON DELETE CASCADE,
    reason        text NOT NULL,
    message       text NOT NULL,
    -- Where an answer may go; empty: the reporter gave none.
    email         text NOT NULL,
    -- Who: a user, a share link, or a visitor.
    reporter_kind text NOT NULL CHECK (reporter_kind IN ('user', 'token', 'link', 'visitor')),
    reporter_id   uuid REFERENCES users ON DELETE SET NULL,
    link_id       uuid,
    ip            text NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX reports_case_idx ON reports (case_id, id);
CREATE INDEX reports_reporter_idx ON reports (reporter_id);

-- The texts of policies that administrators have changed; the ones that are
-- built in have version 0 and no row.
CREATE TABLE policy_versions (
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    -- Markdown; null: the built-in text again.
    body        text,
    -- What has changed, for those who read or accept it.
    note        text NOT NULL,
    -- Everybody is asked to accept again. Each such version begins a round.
    ask         boolean NOT NULL,
    changed_by  uuid REFERENCES users ON DELETE SET NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE INDEX policy_versions_changed_by_idx ON policy_versions (changed_by);

CREATE TABLE policy_acceptances (
    user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version >= 0),
    accepted_at timestamptz NOT NULL,
    ip          text NOT NULL,
    PRIMARY KEY (user_id, name, version)
);

-- How many rounds of accepting the person has been through: fewer than there
-- were means that they are to be asked.
ALTER TABLE users ADD COLUMN policy_round integer NOT NULL DEFAULT 0;
