-- The chain of the audit log: where it begins and ends, signed; and how the log
-- is looked through.
-- +goose Up

-- 'start' is the last entry that was removed because of its age (none: the chain
-- begins with 1), 'head' the last one that was sealed. The signature is an HMAC
-- under a key of SECRET_KEY, see app/audit_seal.go: without it whoever can write
-- this table cannot make up a chain.
CREATE TABLE audit_checkpoints (
    kind      text PRIMARY KEY CHECK (kind IN ('start', 'head')),
    seq       bigint NOT NULL,
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    at        timestamptz NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 32)
);

-- The log is read newest first, by time.
DROP INDEX audit_log_actor_idx;
DROP INDEX audit_log_subject_idx;
CREATE INDEX audit_log_actor_idx ON audit_log (actor_id, at DESC, id DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_subject_idx ON audit_log (subject_id, at DESC, id DESC) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_log_action_idx ON audit_log (action, at DESC, id DESC);
-- The words of the names in detail.
CREATE INDEX audit_log_words_idx ON audit_log USING gin (jsonb_to_tsvector('simple'::regconfig, detail, '["string"]'::jsonb));
