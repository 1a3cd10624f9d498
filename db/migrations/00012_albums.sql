-- Albums in full: category, cover, order, trash; the order of items by hand.
-- +goose Up

-- One list for the whole site, managed by administrators.
CREATE TABLE categories (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX categories_name_key ON categories (lower(name));

CREATE TYPE album_sort AS ENUM ('newest', 'oldest', 'manual');

ALTER TABLE albums
    ADD COLUMN category_id uuid REFERENCES categories ON DELETE SET NULL,
    -- Shown while it is listed in this very album; otherwise one is chosen.
    ADD COLUMN cover_id    uuid REFERENCES media ON DELETE SET NULL,
    ADD COLUMN sort        album_sort NOT NULL DEFAULT 'newest',
    -- Which album was thrown away when this one went: itself, or one above it.
    -- What has the same comes back together.
    ADD COLUMN trash_id    uuid;
CREATE INDEX albums_category_idx ON albums (category_id) WHERE category_id IS NOT NULL;
CREATE INDEX albums_cover_idx ON albums (cover_id) WHERE cover_id IS NOT NULL;
CREATE INDEX albums_trash_idx ON albums (trashed_at) WHERE trashed_at IS NOT NULL;

-- The order by hand: sparse, ascending; 0 is "not placed", behind all that are.
ALTER TABLE media ADD COLUMN album_position bigint NOT NULL DEFAULT 0 CHECK (album_position <= 0);
CREATE INDEX media_album_position_idx ON media (album_id, album_position, id) WHERE listed AND album_id IS NOT NULL;

-- +goose StatementBegin
-- As before, but "everybody" is granted nothing while public albums are
-- switched off: they are then as good as members' albums, bytes included.
CREATE OR REPLACE FUNCTION album_access_expected(wanted uuid[]) RETURNS TABLE (subject_id uuid, album_id uuid, role album_role)
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
         WHERE s.visibility = 'public' AND coalesce((SELECT (x.settings ->> 'public_albums')::boolean FROM site_settings x), true)
        UNION ALL
        SELECT l.id, up.album_id, 'viewer' FROM up JOIN share_links l ON l.album_id = up.source_id
         WHERE l.revoked_at IS NULL
    )
    SELECT g.subject_id, g.album_id, max(g.role) FROM granted g JOIN albums a ON a.id = g.album_id
     WHERE a.trashed_at IS NULL OR g.role = 'owner'
     GROUP BY g.subject_id, g.album_id
$$;

CREATE FUNCTION album_access_on_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM album_access_refresh(ARRAY(SELECT a.id FROM albums a WHERE a.visibility = 'public'));
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER album_access_settings_insert AFTER INSERT ON site_settings
    FOR EACH ROW EXECUTE FUNCTION album_access_on_settings();
CREATE TRIGGER album_access_settings_update AFTER UPDATE ON site_settings
    FOR EACH ROW WHEN (OLD.settings -> 'public_albums' IS DISTINCT FROM NEW.settings -> 'public_albums')
    EXECUTE FUNCTION album_access_on_settings();
