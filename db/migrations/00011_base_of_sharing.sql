-- What people who share a site need everywhere: items withheld from others, who
-- granted what, settings of the site, the audit log.
-- +goose Up

-- Why an item is in no list and, but for its owner, does not exist: 'report'
-- (hidden by an administrator) or 'guest' (sent through a share link and not yet
-- approved; the album's admins see it too). Null for nearly all.
ALTER TABLE media ADD COLUMN withheld text CHECK (withheld IN ('report', 'guest'));
CREATE INDEX media_withheld_idx ON media (album_id, uploaded_at) WHERE withheld IS NOT NULL;

CREATE OR REPLACE VIEW media_access AS
    SELECT m.owner_id AS subject_id, m.id AS media_id, 'owner'::album_role AS role FROM media m
    UNION ALL
    SELECT x.subject_id, m.id, least(x.role, 'admin'::album_role) FROM media m JOIN album_access x ON x.album_id = m.album_id
     WHERE m.withheld IS NULL OR m.withheld = 'guest' AND x.role >= 'admin';

-- +goose StatementBegin
CREATE FUNCTION media_count_state(processed_at timestamptz, archived_at timestamptz, trashed_at timestamptz, withheld text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN trashed_at IS NOT NULL THEN 'trashed'
                WHEN withheld IS NOT NULL THEN NULL
                WHEN archived_at IS NOT NULL THEN 'archived'
                WHEN processed_at IS NOT NULL THEN 'listed' END
$$;

CREATE OR REPLACE FUNCTION month_counts_on_media() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                   date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at, withheld) AS state, count(*) AS n
              FROM new_rows GROUP BY 1, 2, 3, 4) d WHERE state IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                   date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at, withheld) AS state, -count(*) AS n
              FROM old_rows GROUP BY 1, 2, 3, 4) d WHERE state IS NOT NULL;
    ELSE
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, album_id, month, state, sum(n) AS n FROM (
                SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                       date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at, withheld) AS state, 1 AS n
                  FROM new_rows
                UNION ALL
                SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000'),
                       date_trunc('month', taken_at_local)::date, media_count_state(processed_at, archived_at, trashed_at, withheld), -1
                  FROM old_rows) x
             WHERE state IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0) d;
    END IF;
    IF deltas IS NOT NULL THEN PERFORM month_counts_apply(deltas); END IF;
    RETURN NULL;
END $$;

DROP FUNCTION media_count_state(timestamptz, timestamptz, timestamptz);
-- +goose StatementEnd

ALTER TABLE album_grants
    ADD COLUMN granted_by uuid REFERENCES users ON DELETE SET NULL,
    ADD COLUMN granted_at timestamptz NOT NULL DEFAULT now();
-- What a person was granted, across albums.
CREATE INDEX album_grants_user_idx ON album_grants (user_id) WHERE user_id IS NOT NULL;

-- What administrators have set, as one document; app.SiteSettings says what it
-- may hold. No row: every setting has its default.
CREATE TABLE site_settings (
    single     boolean PRIMARY KEY DEFAULT true CHECK (single),
    settings   jsonb NOT NULL,
    updated_by uuid REFERENCES users ON DELETE SET NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Who did what. Written by the transaction that does it, and never changed but
-- by the sealer, which gives rows their place in the chain, and by the erasure
-- of a person, which empties detail and salt: the commitment stays. Neither
-- references anything, so that it outlives what it tells of.
CREATE TABLE audit_log (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    -- Null for visitors and for Albumen itself.
    actor_id    uuid,
    actor_kind  text NOT NULL CHECK (actor_kind IN ('user', 'token', 'link', 'visitor', 'system')),
    action      text NOT NULL,
    object_kind text NOT NULL DEFAULT '',
    object_id   uuid,
    -- Whom it concerns beside the actor.
    subject_id  uuid,
    ip          text NOT NULL DEFAULT '',
    request_id  text NOT NULL DEFAULT '',
    -- Names as they were, and before and after; {} once erased.
    detail      jsonb NOT NULL,
    salt        bytea NOT NULL,
    -- SHA-256 over the salt and everything above, see app/audit.go.
    commitment  bytea NOT NULL CHECK (octet_length(commitment) = 32),
    -- Set by the sealer: place in the chain, and SHA-256 over the hash before and the commitment.
    seq         bigint UNIQUE,
    hash        bytea CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_log_unsealed_idx ON audit_log (id) WHERE seq IS NULL;
CREATE INDEX audit_log_at_idx ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_actor_idx ON audit_log (actor_id, id DESC);
CREATE INDEX audit_log_object_idx ON audit_log (object_id, id DESC);
CREATE INDEX audit_log_subject_idx ON audit_log (subject_id, id DESC) WHERE subject_id IS NOT NULL;
