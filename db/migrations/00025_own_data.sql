-- What people may do with their data: take a copy along, and have their account deleted.
-- +goose Up

-- Whoever asked for the end of their account. Until due_at, signing in calls it
-- off; from then on it is deleted as administrators delete one (user_removals).
CREATE TABLE account_deletions (
    user_id     uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    asked_at    timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    -- When the mail before the end was queued; null: not yet.
    reminded_at timestamptz
);
CREATE INDEX account_deletions_due_idx ON account_deletions (due_at);

CREATE TYPE export_state AS ENUM ('waiting', 'running', 'ready', 'failed');

-- One copy of a person's data at a time.
CREATE TABLE data_exports (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
    state       export_state NOT NULL DEFAULT 'waiting',
    -- Items in all and written so far.
    total       integer NOT NULL DEFAULT 0,
    done        integer NOT NULL DEFAULT 0,
    -- How often a worker began; also the fencing number of the running one.
    attempts    integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    -- Where the archive lies, once it is ready.
    storage_key text UNIQUE,
    bytes       bigint NOT NULL DEFAULT 0,
    -- SHA-256 of the token in the link.
    token_hash  bytea UNIQUE CHECK (octet_length(token_hash) = 32),
    asked_at    timestamptz NOT NULL,
    -- When it became ready or was given up, and when it goes.
    ended_at    timestamptz,
    expires_at  timestamptz,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'ready') = (storage_key IS NOT NULL AND token_hash IS NOT NULL)),
    CHECK ((state IN ('ready', 'failed')) = (ended_at IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE INDEX data_exports_expires_idx ON data_exports (expires_at) WHERE expires_at IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION drop_data_export() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pending_objects (storage_key, delete_at) VALUES (OLD.storage_key, now())
    ON CONFLICT (storage_key) DO UPDATE SET delete_at = excluded.delete_at;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER data_exports_drop AFTER DELETE ON data_exports FOR EACH ROW WHEN (OLD.storage_key IS NOT NULL) EXECUTE FUNCTION drop_data_export();
