-- Resumable uploads: one row each, and one for every piece that lies in storage.
-- +goose Up

CREATE TABLE uploads (
    id           uuid PRIMARY KEY,
    owner_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    album_id     uuid REFERENCES albums ON DELETE SET NULL,
    filename     text NOT NULL,
    modified     timestamptz,
    bytes        bigint NOT NULL CHECK (bytes > 0),
    received     bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND bytes),
    -- State of the running SHA-256 over what was received; empty before the first piece.
    sha256_state bytea NOT NULL DEFAULT '',
    -- Fencing: only the request that drew this token last may add a piece.
    writer       uuid,
    -- Lease of the process that puts the pieces together.
    joining_until timestamptz,
    -- What became of it, so that a lost answer can be given again. media_id may be null later, when the item was deleted.
    outcome      text CHECK (outcome IN ('created', 'duplicate', 'restored')),
    media_id     uuid REFERENCES media ON DELETE SET NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX uploads_unfinished_idx ON uploads (owner_id) WHERE outcome IS NULL;
CREATE INDEX uploads_expiry_idx ON uploads (expires_at);
CREATE INDEX uploads_album_idx ON uploads (album_id) WHERE album_id IS NOT NULL;
CREATE INDEX uploads_media_idx ON uploads (media_id) WHERE media_id IS NOT NULL;

CREATE TABLE upload_parts (
    upload_id   uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    -- Where the piece begins in the file.
    at          bigint NOT NULL,
    bytes       bigint NOT NULL CHECK (bytes > 0),
    storage_key text NOT NULL UNIQUE,
    PRIMARY KEY (upload_id, at)
);

-- However its row goes away (also with its owner), a piece's object goes to the sweeper.
-- +goose StatementBegin
CREATE FUNCTION upload_parts_to_sweeper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pending_objects (storage_key, delete_at) VALUES (OLD.storage_key, now())
    ON CONFLICT (storage_key) DO UPDATE SET delete_at = excluded.delete_at;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER upload_parts_deleted AFTER DELETE ON upload_parts
    FOR EACH ROW EXECUTE FUNCTION upload_parts_to_sweeper();
