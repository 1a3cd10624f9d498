-- Mails on their way, texts of mails that administrators have changed, invitations.
-- +goose Up

-- An invitation is open until it is accepted, revoked or expired. Whether its
-- inviter still has the right to it is asked when it is accepted.
CREATE TABLE invitations (
    id          uuid PRIMARY KEY,
    email       text NOT NULL,
    inviter_id  uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Into an album with a role; both null: to the site.
    album_id    uuid REFERENCES albums ON DELETE CASCADE,
    role        album_role CHECK (role <> 'owner'),
    message     text NOT NULL DEFAULT '',
    language    text NOT NULL,
    token_hash  bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at  timestamptz NOT NULL,
    -- Of the last mail.
    sent_at     timestamptz NOT NULL,
    sends       integer NOT NULL DEFAULT 1,
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid REFERENCES users ON DELETE SET NULL,
    revoked_at  timestamptz,
    CHECK ((album_id IS NULL) = (role IS NULL)),
    CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE UNIQUE INDEX invitations_open_key ON invitations (email, album_id) NULLS NOT DISTINCT WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_album_idx ON invitations (album_id, id DESC) WHERE album_id IS NOT NULL;
CREATE INDEX invitations_inviter_idx ON invitations (inviter_id, id DESC);
CREATE INDEX invitations_accepted_by_idx ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;

-- The groups that whoever accepts becomes a member of.
CREATE TABLE invitation_groups (
    invitation_id uuid NOT NULL REFERENCES invitations ON DELETE CASCADE,
    group_id      uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (invitation_id, group_id)
);
CREATE INDEX invitation_groups_group_idx ON invitation_groups (group_id);

CREATE TYPE mail_state AS ENUM ('queued', 'sending', 'sent', 'dead');

-- The row is the truth; the queue only says that there is something to do.
CREATE TABLE mails (
    id          uuid PRIMARY KEY,
    recipient   text NOT NULL,
    -- Whose account the recipient has: goes with it.
    user_id     uuid REFERENCES users ON DELETE CASCADE,
    -- In whose name, and about which album: its cover is shown where this person may see it.
    by_id       uuid REFERENCES users ON DELETE SET NULL,
    album_id    uuid REFERENCES albums ON DELETE SET NULL,
    -- What it invites to: taken back together.
    invitation_id uuid REFERENCES invitations ON DELETE CASCADE,
    template    text NOT NULL,
    language    text NOT NULL,
    -- What the template is filled with, sealed (app/mail_seal.go); null once nobody needs it any more.
    data        bytea,
    state       mail_state NOT NULL DEFAULT 'queued',
    -- 0: somebody waits for it; 1: one of many.
    priority    smallint NOT NULL DEFAULT 0,
    attempts    integer NOT NULL DEFAULT 0,
    -- How often whoever was sending it died before telling the outcome.
    deaths      integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    next_at     timestamptz NOT NULL,
    -- Why the last attempt failed: a code, and what the server said.
    error_code  text NOT NULL DEFAULT '',
    error       text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    -- When it was sent or given up.
    ended_at    timestamptz,
    CHECK ((state = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX mails_due_idx ON mails (priority, next_at) WHERE state = 'queued';
CREATE INDEX mails_lease_idx ON mails (lease_until) WHERE state = 'sending';
CREATE INDEX mails_ended_idx ON mails (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mails_list_idx ON mails (state, id DESC);
CREATE INDEX mails_user_idx ON mails (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mails_by_idx ON mails (by_id) WHERE by_id IS NOT NULL;
CREATE INDEX mails_invitation_idx ON mails (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX mails_album_idx ON mails (album_id) WHERE album_id IS NOT NULL;

-- What administrators made of a template. The newest version counts; one
-- without texts is a return to the built-in ones.
CREATE TABLE mail_texts (
    template   text NOT NULL,
    language   text NOT NULL,
    version    integer NOT NULL CHECK (version > 0),
    subject    text,
    body       text,
    changed_by uuid REFERENCES users ON DELETE SET NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (template, language, version),
    CHECK ((subject IS NULL) = (body IS NULL))
);
