-- What administrators do with accounts and groups.
-- +goose Up

-- Nobody tells "Family" from "family" in a list.
CREATE UNIQUE INDEX groups_name_lower_key ON groups (lower(name));

ALTER TABLE chores DROP CONSTRAINT chores_kind_check;
ALTER TABLE chores ADD CONSTRAINT chores_kind_check CHECK (kind IN ('empty_trash', 'reindex', 'remove_user'));

-- Accounts that are on their way out; the chore remove_user does the work, and
-- deletes the account last.
CREATE TABLE user_removals (
    user_id  uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Who gets albums and items; null: they go with the account. An heir can
    -- not be deleted meanwhile.
    heir_id  uuid REFERENCES users CHECK (heir_id <> user_id),
    asked_by uuid REFERENCES users ON DELETE SET NULL,
    asked_at timestamptz NOT NULL
);
CREATE INDEX user_removals_heir_idx ON user_removals (heir_id) WHERE heir_id IS NOT NULL;

-- The links that a person made, for when that person leaves.
CREATE INDEX share_links_created_by_idx ON share_links (created_by);
