-- Who has yet to accept the terms, and messages of the contact form.
-- +goose Up

-- -1: whoever has the account did not make it and has never been asked. They are
-- asked although there was no round yet.
ALTER TABLE users ADD CONSTRAINT users_policy_round_check CHECK (policy_round >= -1);

CREATE TABLE contact_messages (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    -- Where an answer goes.
    email       text NOT NULL,
    message     text NOT NULL,
    -- Who wrote it, where they were signed in.
    user_id     uuid REFERENCES users ON DELETE CASCADE,
    ip          text NOT NULL,
    created_at  timestamptz NOT NULL,
    answered_at timestamptz,
    answered_by uuid REFERENCES users ON DELETE SET NULL
);
CREATE INDEX contact_messages_list_idx ON contact_messages ((answered_at IS NOT NULL), id DESC);
CREATE INDEX contact_messages_user_idx ON contact_messages (user_id);
CREATE INDEX contact_messages_email_idx ON contact_messages (lower(email));
CREATE INDEX contact_messages_answered_by_idx ON contact_messages (answered_by);
CREATE INDEX contact_messages_created_idx ON contact_messages (created_at);

-- A switch that never did anything.
UPDATE site_settings SET settings = settings - 'consent_notice';
