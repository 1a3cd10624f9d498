-- People, groups, albums, and the relation that says who may do what with them.
-- +goose Up

-- Ordered from least to most, so that max() is the effective role.
CREATE TYPE album_role AS ENUM ('viewer', 'contributor', 'admin', 'owner');
CREATE TYPE album_visibility AS ENUM ('private', 'members', 'public');

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
