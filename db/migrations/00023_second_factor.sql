-- Ways to sign in beside the password.
-- +goose Up

-- Codes of an authenticator app, one for each half minute.
CREATE TABLE totp (
    user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- AES-GCM under a key of SECRET_KEY: this table makes no codes.
    secret       bytea NOT NULL,
    -- Null: not in force until a code has shown that the app knows the secret.
    confirmed_at timestamptz,
    -- The half minute of the last code that was taken; none is taken twice.
    last_step    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL
);

-- For whoever has lost the app. Used ones are deleted.
CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- HMAC under a key of SECRET_KEY.
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    PRIMARY KEY (user_id, code_hash)
);

-- Those who have shown the right password and still owe the second factor.
CREATE TABLE sign_in_steps (
    -- SHA-256 of the token in the cookie.
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    remember   boolean NOT NULL,
    next       text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_steps_user_idx ON sign_in_steps (user_id);
CREATE INDEX sign_in_steps_expires_idx ON sign_in_steps (expires_at);

-- What was half done with another password, or before a suspension, is void.
-- +goose StatementBegin
CREATE FUNCTION void_sign_in_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sign_in_steps WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_void_sign_in_steps AFTER UPDATE OF password_hash, suspended_at ON users FOR EACH ROW
    WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash OR OLD.suspended_at IS DISTINCT FROM NEW.suspended_at)
    EXECUTE FUNCTION void_sign_in_steps();
