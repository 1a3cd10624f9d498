-- Passkeys (WebAuthn): keys that a person's devices hold.
-- +goose Up

CREATE TABLE passkeys (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name            text NOT NULL,
    -- What the device calls the key; of one device, so of one row.
    credential_id   bytea NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    -- COSE, as the device gave it. It proves signatures and makes none.
    public_key      bytea NOT NULL,
    transports      text[] NOT NULL DEFAULT '{}',
    -- How often the key was used, as the device says; 0 for ever where it does not count.
    sign_count      bigint NOT NULL,
    -- Whether the key can be copied between devices; never changes.
    backup_eligible boolean NOT NULL,
    backed_up       boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    last_used_at    timestamptz,
    -- When it counted backwards, as a copy does. It lets nobody in since.
    suspected_at    timestamptz
);
CREATE INDEX passkeys_user_idx ON passkeys (user_id, created_at);

-- What a browser was asked to sign, until it answers.
CREATE TABLE passkey_challenges (
    -- SHA-256 of the cookie's token and the challenge: good in that browser only.
    key_hash   bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
    purpose    text NOT NULL CHECK (purpose IN ('add', 'enter', 'step')),
    -- Who is asked; null: whoever comes.
    user_id    uuid REFERENCES users ON DELETE CASCADE,
    -- The name of the key that is to be added.
    name       text NOT NULL DEFAULT '',
    -- What the answer is compared with.
    session    jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_expires_idx ON passkey_challenges (expires_at);
CREATE INDEX passkey_challenges_user_idx ON passkey_challenges (user_id);

-- What one came in with; empty: before this was noted.
ALTER TABLE sessions ADD COLUMN way text NOT NULL DEFAULT '';
