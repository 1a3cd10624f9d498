-- Sessions of browsers, tokens of programs, the first-run code.
-- +goose Up

CREATE TABLE sessions (
    -- SHA-256 of the cookie's token: reading this table signs nobody in.
    token_hash   bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    -- Null for what a visitor does before signing in.
    user_id      uuid REFERENCES users ON DELETE CASCADE,
    data         bytea NOT NULL,
    ip           text NOT NULL DEFAULT '',
    user_agent   text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL,
    token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    -- Its first characters, so that a person tells tokens apart.
    hint         text NOT NULL,
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX api_tokens_user_idx ON api_tokens (user_id, created_at DESC);

-- While there is no administrator: what the first-run code is derived from,
-- together with SECRET_KEY, so that every process knows the same code and this
-- table alone gives it to nobody. Deleted by whoever makes the administrator.
CREATE TABLE first_run (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    nonce  bytea NOT NULL
);
