-- People, albums, the access relation, media and their files, operations.
-- +goose Up

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS vector;

-- Ordered from least to most, so that max() is the effective role.
CREATE TYPE album_role AS ENUM ('viewer', 'contributor', 'admin', 'owner');
CREATE TYPE album_visibility AS ENUM ('private', 'members', 'public');
CREATE TYPE media_kind AS ENUM ('photo', 'video');
CREATE TYPE media_status AS ENUM ('pending', 'processing', 'ready', 'failed');

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL DEFAULT '',
    password_hash text NOT NULL DEFAULT '',
    is_admin      boolean NOT NULL DEFAULT false,
    suspended_at  timestamptz,
    language      text NOT NULL DEFAULT 'en',
    time_zone     text NOT NULL DEFAULT 'UTC',
    theme         text NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    quota_bytes   bigint CHECK (quota_bytes >= 0),
    used_bytes    bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE groups (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE group_members (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    user_id  uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user_idx ON group_members (user_id);

CREATE TABLE albums (
    id          uuid PRIMARY KEY,
    owner_id    uuid NOT NULL REFERENCES users,
    parent_id   uuid REFERENCES albums ON DELETE SET NULL CHECK (parent_id <> id),
    title       text NOT NULL,
    description text NOT NULL DEFAULT '',
    visibility  album_visibility NOT NULL DEFAULT 'private',
    trashed_at  timestamptz,
    row_version integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX albums_owner_idx ON albums (owner_id);
CREATE INDEX albums_parent_idx ON albums (parent_id);

CREATE TABLE album_grants (
    id       uuid PRIMARY KEY,
    album_id uuid NOT NULL REFERENCES albums ON DELETE CASCADE,
    user_id  uuid REFERENCES users ON DELETE CASCADE,
    group_id uuid REFERENCES groups ON DELETE CASCADE,
    role     album_role NOT NULL CHECK (role <> 'owner'),
    CHECK (num_nonnulls(user_id, group_id) = 1)
);
CREATE UNIQUE INDEX album_grants_user_key ON album_grants (album_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX album_grants_group_key ON album_grants (album_id, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX album_grants_group_idx ON album_grants (group_id);

-- A link opens its album to whoever holds the token (and the password).
-- Whether it is good now (expiry, revocation) is decided when it is unlocked,
-- on every request; see app.Actor.
CREATE TABLE share_links (
    id             uuid PRIMARY KEY,
    album_id       uuid NOT NULL REFERENCES albums ON DELETE CASCADE,
    created_by     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash     bytea NOT NULL UNIQUE,
    password_hash  text NOT NULL DEFAULT '',
    expires_at     timestamptz,
    allow_download boolean NOT NULL DEFAULT false,
    revoked_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now()
);

-- The access relation: which subject holds which role on which album. Derived;
-- the triggers below keep it in the transaction that changes its sources. A
-- subject is a user, a share link, or one of two well-known ids:
--   00000000-0000-0000-0000-000000000001  every signed-in user
--   00000000-0000-0000-0000-000000000002  everybody
CREATE TABLE album_access (
    subject_id uuid NOT NULL,
    album_id   uuid NOT NULL REFERENCES albums ON DELETE CASCADE,
    role       album_role NOT NULL,
    PRIMARY KEY (subject_id, album_id)
);
CREATE INDEX album_access_album_idx ON album_access (album_id);

-- +goose StatementBegin
-- What album_access should hold, from its sources alone; albumen check compares.
-- An album inherits the grants of every album above it; a trashed one grants
-- nothing but ownership.
CREATE FUNCTION album_access_expected(wanted uuid[]) RETURNS TABLE (subject_id uuid, album_id uuid, role album_role)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT a.id AS album_id, a.id AS source_id, a.parent_id, 1 AS depth FROM albums a WHERE a.id = ANY (wanted)
        UNION ALL
        SELECT up.album_id, p.id, p.parent_id, up.depth + 1 FROM up JOIN albums p ON p.id = up.parent_id WHERE up.depth < 32
    ), granted AS (
        SELECT s.owner_id AS subject_id, up.album_id,
               CASE WHEN up.source_id = up.album_id THEN 'owner'::album_role ELSE 'admin'::album_role END AS role
          FROM up JOIN albums s ON s.id = up.source_id
        UNION ALL
        SELECT g.user_id, up.album_id, g.role FROM up JOIN album_grants g ON g.album_id = up.source_id
         WHERE g.user_id IS NOT NULL
        UNION ALL
        SELECT gm.user_id, up.album_id, g.role FROM up JOIN album_grants g ON g.album_id = up.source_id
          JOIN group_members gm ON gm.group_id = g.group_id
        UNION ALL
        SELECT '00000000-0000-0000-0000-000000000001', up.album_id, 'viewer' FROM up JOIN albums s ON s.id = up.source_id
         WHERE s.visibility IN ('members', 'public')
        UNION ALL
        SELECT '00000000-0000-0000-0000-000000000002', up.album_id, 'viewer' FROM up JOIN albums s ON s.id = up.source_id
         WHERE s.visibility = 'public'
        UNION ALL
        SELECT l.id, up.album_id, 'viewer' FROM up JOIN share_links l ON l.album_id = up.source_id
         WHERE l.revoked_at IS NULL
    )
    SELECT g.subject_id, g.album_id, max(g.role) FROM granted g JOIN albums a ON a.id = g.album_id
     WHERE a.trashed_at IS NULL OR g.role = 'owner'
     GROUP BY g.subject_id, g.album_id
$$;

CREATE FUNCTION album_access_refresh(changed uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE affected uuid[];
BEGIN
    WITH RECURSIVE down AS (
        SELECT a.id, 1 AS depth FROM albums a WHERE a.id = ANY (changed)
        UNION ALL
        SELECT c.id, down.depth + 1 FROM down JOIN albums c ON c.parent_id = down.id WHERE down.depth < 32
    ) SELECT array_agg(DISTINCT id) INTO affected FROM down;
    IF affected IS NULL THEN RETURN; END IF;
    -- Serialises refreshes of the same albums, so that two concurrent grants cannot each miss the other.
    PERFORM 1 FROM albums WHERE id = ANY (affected) ORDER BY id FOR UPDATE;
    DELETE FROM album_access x WHERE x.album_id = ANY (affected)
       AND NOT EXISTS (SELECT 1 FROM album_access_expected(affected) e WHERE e.subject_id = x.subject_id AND e.album_id = x.album_id);
    INSERT INTO album_access (subject_id, album_id, role)
    SELECT e.subject_id, e.album_id, e.role FROM album_access_expected(affected) e
    ON CONFLICT (subject_id, album_id) DO UPDATE SET role = excluded.role WHERE album_access.role <> excluded.role;
END $$;

CREATE FUNCTION album_access_on_album() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM album_access_refresh(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE FUNCTION album_access_on_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM album_access_refresh(ARRAY[OLD.album_id]); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM album_access_refresh(ARRAY[NEW.album_id]); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION album_access_on_group_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM album_access_refresh(ARRAY(SELECT g.album_id FROM album_grants g
        WHERE g.group_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.group_id ELSE NEW.group_id END));
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Where the derived relation differs from its sources: empty when all is well.
CREATE VIEW album_access_drift AS
    SELECT coalesce(e.subject_id, x.subject_id)::uuid AS subject_id, coalesce(e.album_id, x.album_id)::uuid AS album_id
      FROM album_access_expected(ARRAY(SELECT id FROM albums)) e
      FULL JOIN album_access x ON x.subject_id = e.subject_id AND x.album_id = e.album_id
     WHERE e.role IS DISTINCT FROM x.role;

CREATE TRIGGER album_access_insert AFTER INSERT ON albums
    FOR EACH ROW EXECUTE FUNCTION album_access_on_album();
CREATE TRIGGER album_access_update AFTER UPDATE OF owner_id, parent_id, visibility, trashed_at ON albums
    FOR EACH ROW EXECUTE FUNCTION album_access_on_album();
CREATE TRIGGER album_access_grants AFTER INSERT OR UPDATE OR DELETE ON album_grants
    FOR EACH ROW EXECUTE FUNCTION album_access_on_source();
CREATE TRIGGER album_access_links AFTER INSERT OR UPDATE OF album_id, revoked_at OR DELETE ON share_links
    FOR EACH ROW EXECUTE FUNCTION album_access_on_source();
CREATE TRIGGER album_access_group_members AFTER INSERT OR DELETE ON group_members
    FOR EACH ROW EXECUTE FUNCTION album_access_on_group_member();

CREATE TABLE media (
    id              uuid PRIMARY KEY,
    owner_id        uuid NOT NULL REFERENCES users,
    album_id        uuid REFERENCES albums ON DELETE SET NULL,
    kind            media_kind NOT NULL,
    status          media_status NOT NULL DEFAULT 'pending',
    -- Machine-readable reason and plain sentence of the last failure.
    error_code      text NOT NULL DEFAULT '',
    error           text NOT NULL DEFAULT '',
    damaged         boolean NOT NULL DEFAULT false,
    -- Processing attempts; also the fencing number of the running one.
    attempts        integer NOT NULL DEFAULT 0,
    lease_until     timestamptz,
    -- First time that processing ended, well or not: from then on the item is listed.
    processed_at    timestamptz,

    title           text NOT NULL DEFAULT '',
    description     text NOT NULL DEFAULT '',
    filename        text NOT NULL,
    mime            text NOT NULL,
    bytes           bigint NOT NULL CHECK (bytes >= 0),
    sha256          bytea NOT NULL CHECK (octet_length(sha256) = 32),
    -- As shown, after orientation; 0 while unknown.
    width           integer NOT NULL DEFAULT 0,
    height          integer NOT NULL DEFAULT 0,
    duration_ms     integer,
    animated        boolean NOT NULL DEFAULT false,
    thumbhash       bytea,
    phash           bigint,

    taken_at        timestamptz NOT NULL,
    taken_at_local  timestamp NOT NULL,
    -- Minutes east of UTC; null when the file does not say and none was assumed.
    taken_offset    integer CHECK (taken_offset BETWEEN -1080 AND 1080),
    taken_at_source text NOT NULL,

    camera_make     text NOT NULL DEFAULT '',
    camera_model    text NOT NULL DEFAULT '',
    lens            text NOT NULL DEFAULT '',
    iso             integer,
    f_number        double precision,
    exposure_s      double precision,
    focal_mm        double precision,
    focal_35mm      double precision,
    latitude        double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude       double precision CHECK (longitude BETWEEN -180 AND 180),
    altitude_m      double precision,
    place           text NOT NULL DEFAULT '',
    rating          smallint NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),

    -- Names of the columns that a person has edited; processing leaves them alone.
    edited          text[] NOT NULL DEFAULT '{}',
    archived_at     timestamptz,
    trashed_at      timestamptz,
    row_version     integer NOT NULL DEFAULT 1,
    uploaded_at     timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),

    listed          boolean NOT NULL GENERATED ALWAYS AS
                    (processed_at IS NOT NULL AND trashed_at IS NULL AND archived_at IS NULL) STORED,
    UNIQUE (owner_id, sha256)
);
CREATE INDEX media_timeline_idx ON media (owner_id, taken_at_local DESC, id DESC) WHERE listed;
CREATE INDEX media_album_idx ON media (album_id, taken_at_local DESC, id DESC) WHERE listed AND album_id IS NOT NULL;
CREATE INDEX media_trash_idx ON media (owner_id, trashed_at DESC, id DESC) WHERE trashed_at IS NOT NULL;
CREATE INDEX media_purge_idx ON media (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX media_unfinished_idx ON media (uploaded_at) WHERE status IN ('pending', 'processing');
CREATE INDEX media_failed_idx ON media (owner_id, uploaded_at DESC) WHERE status = 'failed';

-- The same relation for single items: what a subject may do with one. Only the
-- uploader owns an item, so a role that comes from its album stops at admin.
-- Point checks join this; lists merge over album_access (db/filter.go).
CREATE VIEW media_access AS
    SELECT m.owner_id AS subject_id, m.id AS media_id, 'owner'::album_role AS role FROM media m
    UNION ALL
    SELECT x.subject_id, m.id, least(x.role, 'admin'::album_role) FROM media m JOIN album_access x ON x.album_id = m.album_id;

-- The files that make up one item: its original and what belongs to it.
CREATE TABLE media_files (
    id          uuid PRIMARY KEY,
    media_id    uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('original', 'motion', 'sidecar', 'raw', 'edited')),
    storage_key text NOT NULL UNIQUE,
    filename    text NOT NULL,
    mime        text NOT NULL,
    bytes       bigint NOT NULL,
    sha256      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX media_files_original_key ON media_files (media_id) WHERE role = 'original';
CREATE INDEX media_files_media_idx ON media_files (media_id);

-- Files made from the original, which can be made again from it.
CREATE TABLE derivatives (
    media_id    uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('thumb', 'preview')),
    -- Grows when the derivative is made anew; part of its URL.
    version     integer NOT NULL,
    storage_key text NOT NULL UNIQUE,
    mime        text NOT NULL,
    width       integer NOT NULL,
    height      integer NOT NULL,
    bytes       bigint NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (media_id, kind)
);

-- Objects written or to be deleted whose fate no other row knows yet. A row is
-- inserted before the object is written and deleted by the transaction that
-- gives the object its row; the sweeper removes what stays behind.
CREATE TABLE pending_objects (
    storage_key text PRIMARY KEY,
    -- When the sweeper may delete the object.
    delete_at   timestamptz NOT NULL
);
CREATE INDEX pending_objects_due_idx ON pending_objects (delete_at);

CREATE TABLE favourites (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    media_id   uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, media_id)
);
CREATE INDEX favourites_media_idx ON favourites (media_id);

-- What a person did, item by item and field by field, so that it can be undone.
CREATE TABLE operations (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    undone_at  timestamptz
);
CREATE INDEX operations_user_idx ON operations (user_id, created_at DESC);

CREATE TABLE operation_items (
    operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
    media_id     uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    field        text NOT NULL,
    before       jsonb,
    after        jsonb,
    PRIMARY KEY (operation_id, media_id, field)
);
CREATE INDEX operation_items_media_idx ON operation_items (media_id);

-- How many items an owner has in an album (zero uuid: in none) and month, by
-- state; kept by the statement that changes media, verified by albumen check.
CREATE TABLE month_counts (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    album_id uuid NOT NULL,
    month    date NOT NULL,
    state    text NOT NULL CHECK (state IN ('listed', 'archived', 'trashed')),
    n        bigint NOT NULL,
    PRIMARY KEY (owner_id, state, month, album_id)
);

-- +goose StatementBegin
CREATE FUNCTION media_count_state(processed_at timestamptz, archived_at timestamptz, trashed_at timestamptz)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN trashed_at IS NOT NULL THEN 'trashed'
                WHEN archived_at IS NOT NULL THEN 'archived'
                WHEN processed_at IS NOT NULL THEN 'listed' END
$$;

CREATE FUNCTION month_counts_apply(deltas jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO month_counts AS c (owner_id, album_id, month, state, n)
    SELECT owner_id, album_id, month, state, n
      FROM jsonb_to_recordset(deltas) AS d (owner_id uuid, album_id uuid, month date, state text, n bigint)
     ORDER BY owner_id, state, month, album_id
    ON CONFLICT (owner_id, state, month, album_id) DO UPDATE SET n = c.n + excluded.n
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- One function for all three statements: sums what left and what came, so that
-- a bulk change costs one upsert per month touched and not one per row.
CREATE FUNCTION month_counts_on_media() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                   date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at) AS state, count(*) AS n
              FROM new_rows GROUP BY 1, 2, 3, 4) d WHERE state IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                   date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at) AS state, -count(*) AS n
              FROM old_rows GROUP BY 1, 2, 3, 4) d WHERE state IS NOT NULL;
    ELSE
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, album_id, month, state, sum(n) AS n FROM (
                SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                       date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at) AS state, 1 AS n
                  FROM new_rows
                UNION ALL
                SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000'),
                       date_trunc('month', taken_at_local)::date, media_count_state(processed_at, archived_at, trashed_at), -1
                  FROM old_rows) x
             WHERE state IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0) d;
    END IF;
    IF deltas IS NOT NULL THEN PERFORM month_counts_apply(deltas); END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER month_counts_insert AFTER INSERT ON media REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION month_counts_on_media();
CREATE TRIGGER month_counts_update AFTER UPDATE ON media REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION month_counts_on_media();
CREATE TRIGGER month_counts_delete AFTER DELETE ON media REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION month_counts_on_media();
