-- Signing in with an OpenID Connect provider.
-- +goose Up

-- Who somebody is at a provider. Issuer and subject never change and are never
-- given to another person; e-mail addresses are.
CREATE TABLE identities (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    issuer       text NOT NULL,
    subject      text NOT NULL,
    -- As the provider said it then; only shown.
    email        text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_user_idx ON identities (user_id);

-- Those who are on their way to the provider and back. State, nonce and PKCE
-- verifier are derived from the cookie's token.
CREATE TABLE oidc_attempts (
    -- SHA-256 of the token in the cookie.
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    -- Whose account is to be linked; null: somebody signs in.
    user_id    uuid REFERENCES users ON DELETE CASCADE,
    next       text NOT NULL DEFAULT '',
    remember   boolean NOT NULL DEFAULT false,
    expires_at timestamptz NOT NULL
);
CREATE INDEX oidc_attempts_expires_idx ON oidc_attempts (expires_at);
CREATE INDEX oidc_attempts_user_idx ON oidc_attempts (user_id);
