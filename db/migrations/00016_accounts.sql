-- Accounts that people make and look after themselves.
-- +goose Up

ALTER TABLE users
    -- Null: the address was never confirmed, and nobody signs in. Accounts that
    -- administrators make need no confirmation.
    ADD COLUMN email_verified_at timestamptz DEFAULT now(),
    -- Object with the avatar, a square WebP; null: initials are shown.
    ADD COLUMN avatar_key text;
UPDATE users SET email_verified_at = created_at;

-- The avatar goes when its user goes, or gets another one.
-- +goose StatementBegin
CREATE FUNCTION drop_avatar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pending_objects (storage_key, delete_at) VALUES (OLD.avatar_key, now())
    ON CONFLICT (storage_key) DO UPDATE SET delete_at = excluded.delete_at;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_drop_avatar AFTER DELETE ON users FOR EACH ROW WHEN (OLD.avatar_key IS NOT NULL) EXECUTE FUNCTION drop_avatar();
CREATE TRIGGER users_change_avatar AFTER UPDATE OF avatar_key ON users FOR EACH ROW
    WHEN (OLD.avatar_key IS NOT NULL AND OLD.avatar_key IS DISTINCT FROM NEW.avatar_key) EXECUTE FUNCTION drop_avatar();

ALTER TABLE sessions
    -- How the list of sessions names one: the hash would be half a secret.
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Asked to be remembered: may be idle for days; otherwise for hours.
    ADD COLUMN remembered boolean NOT NULL DEFAULT true;
CREATE UNIQUE INDEX sessions_id_key ON sessions (id);

-- Links that were mailed and work once.
CREATE TABLE mailed_links (
    -- SHA-256 of the token in the link.
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose    text NOT NULL CHECK (purpose IN ('verify', 'reset', 'email', 'revert')),
    -- The address that the link is about: to be confirmed, or to be brought back.
    email      text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX mailed_links_user_idx ON mailed_links (user_id);
CREATE INDEX mailed_links_expires_idx ON mailed_links (expires_at);
