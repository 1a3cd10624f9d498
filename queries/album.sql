-- name: CreateAlbum :exec
INSERT INTO albums (id, owner_id, parent_id, title, description, category_id, visibility, sort, created_at, updated_at)
VALUES (sqlc.arg(id), sqlc.arg(owner_id), sqlc.narg(parent_id), sqlc.arg(title), sqlc.arg(description), sqlc.narg(category_id),
        sqlc.arg(visibility), sqlc.arg(sort), sqlc.arg(now), sqlc.arg(now));

-- name: LockAlbum :one
SELECT * FROM albums WHERE id = $1 FOR UPDATE;

-- name: UpdateAlbum :exec
UPDATE albums SET title = sqlc.arg(title), description = sqlc.arg(description), category_id = sqlc.narg(category_id),
       cover_id = sqlc.narg(cover_id), sort = sqlc.arg(sort), row_version = row_version + 1, updated_at = sqlc.arg(now)
 WHERE id = sqlc.arg(id);

-- name: SetAlbumVisibility :exec
-- Apart from UpdateAlbum, because it makes the access relation anew.
UPDATE albums SET visibility = sqlc.arg(visibility) WHERE id = sqlc.arg(id);

-- name: AlbumCards :many
-- Albums as lists show them, each with what the subjects are to it, how many
-- items are listed in it, and a cover: the chosen one while it is listed there,
-- else the last one taken, else one of an album right below. Whoever sees an
-- album sees everything that is counted and shown here: albums below inherit.
SELECT sqlc.embed(a), u.name AS owner_name, coalesce(c.name, '')::text AS category,
       coalesce((SELECT max(x.role) FROM album_access x
         WHERE x.album_id = a.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))::text, '')::text AS role,
       EXISTS (SELECT 1 FROM album_access x
         WHERE x.album_id = a.parent_id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[])) AS parent_seen,
       coalesce((SELECT sum(n.n) FROM month_counts n WHERE n.album_id = a.id AND n.state = 'listed'), 0)::bigint AS items,
       (SELECT count(*) FROM albums b WHERE b.parent_id = a.id AND b.trashed_at IS NULL)::bigint AS albums,
       coalesce(p.id, '00000000-0000-0000-0000-000000000000')::uuid AS cover,
       coalesce(p.width, 0)::int AS cover_width, coalesce(p.height, 0)::int AS cover_height, p.thumbhash AS cover_thumbhash,
       coalesce((SELECT d.version FROM derivatives d WHERE d.media_id = p.id AND d.kind = 'thumb'), 0)::int AS cover_version
  FROM albums a
  JOIN users u ON u.id = a.owner_id
  LEFT JOIN categories c ON c.id = a.category_id
  LEFT JOIN media p ON p.id = coalesce(
       (SELECT m.id FROM media m WHERE m.id = a.cover_id AND m.album_id = a.id AND m.listed AND m.withheld IS NULL),
       (SELECT m.id FROM media m WHERE m.album_id = a.id AND m.listed AND m.withheld IS NULL
         ORDER BY m.taken_at_local DESC, m.id DESC LIMIT 1),
       (SELECT m.id FROM albums b CROSS JOIN LATERAL (SELECT m.id FROM media m
           WHERE m.album_id = b.id AND m.listed AND m.withheld IS NULL ORDER BY m.taken_at_local DESC, m.id DESC LIMIT 1) m
         WHERE b.parent_id = a.id AND b.trashed_at IS NULL ORDER BY lower(b.title), b.id LIMIT 1))
 WHERE a.id = ANY (sqlc.arg(ids)::uuid[]);

-- name: AlbumIDs :many
-- A page of the albums that the subjects may see, by title. tops leaves out
-- those that lie below another one of them.
WITH seen AS (
    SELECT x.album_id, max(x.role) AS role, bool_or(x.subject_id = sqlc.arg(user_id)) AS named
      FROM album_access x WHERE x.subject_id = ANY (sqlc.arg(subjects)::uuid[]) GROUP BY x.album_id)
SELECT a.id, lower(a.title)::text AS key FROM seen s JOIN albums a ON a.id = s.album_id
 WHERE a.trashed_at IS NULL AND s.role >= sqlc.arg(least)::album_role
   AND CASE sqlc.arg(scope)::text WHEN 'mine' THEN s.role = 'owner'
                                  WHEN 'shared' THEN s.role < 'owner' AND s.named
                                  WHEN 'open' THEN NOT s.named
                                  ELSE true END
   AND (NOT sqlc.arg(tops)::boolean OR a.parent_id IS NULL OR a.parent_id NOT IN (SELECT t.album_id FROM seen t))
   AND (sqlc.narg(parent)::uuid IS NULL OR a.parent_id = sqlc.narg(parent))
   AND (sqlc.narg(category)::uuid IS NULL OR a.category_id = sqlc.narg(category))
   AND (lower(a.title), a.id) > (sqlc.arg(after_key)::text, sqlc.arg(after_id)::uuid)
 ORDER BY lower(a.title), a.id LIMIT sqlc.arg(n);

-- name: AlbumsAbove :many
-- Those of the albums above one that the subjects may see, the nearest last.
WITH RECURSIVE up AS (
    SELECT a.parent_id, 0 AS depth FROM albums a WHERE a.id = sqlc.arg(id)
    UNION ALL
    SELECT p.parent_id, up.depth + 1 FROM up JOIN albums p ON p.id = up.parent_id WHERE up.depth < 32)
SELECT a.id, a.title FROM up JOIN albums a ON a.id = up.parent_id
 WHERE EXISTS (SELECT 1 FROM album_access x WHERE x.album_id = a.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))
 ORDER BY up.depth DESC;

-- name: AlbumMonths :many
SELECT n.month, sum(n.n)::bigint AS n FROM month_counts n
 WHERE n.album_id = $1 AND n.state = 'listed' GROUP BY n.month HAVING sum(n.n) > 0 ORDER BY n.month DESC;

-- name: ItemCanBeCover :one
SELECT EXISTS (SELECT 1 FROM media m WHERE m.id = sqlc.arg(id) AND m.album_id = sqlc.arg(album_id)::uuid AND m.listed AND m.withheld IS NULL);

-- name: Categories :many
SELECT * FROM categories ORDER BY lower(name);

-- name: CategoryByID :one
SELECT * FROM categories WHERE id = $1;

-- name: CreateCategory :exec
INSERT INTO categories (id, name, created_at) VALUES ($1, $2, $3);

-- name: RenameCategory :execrows
UPDATE categories SET name = $2 WHERE id = $1;

-- name: DeleteCategory :one
DELETE FROM categories WHERE id = $1 RETURNING name;

-- name: LockAlbumTree :exec
-- Whoever changes which album lies below which takes turns: two moves that are
-- right one by one could make a circle together.
SELECT pg_advisory_xact_lock(hashtext('album tree'));

-- name: AlbumDepth :one
-- On which level an album lies; 1 is the top.
WITH RECURSIVE up AS (
    SELECT a.parent_id, 1 AS depth FROM albums a WHERE a.id = $1
    UNION ALL
    SELECT p.parent_id, up.depth + 1 FROM up JOIN albums p ON p.id = up.parent_id WHERE up.depth < 32)
SELECT max(depth)::int FROM up;

-- name: AlbumsFrom :many
-- An album and all below it, with the level counted from it: 1 is itself.
WITH RECURSIVE down AS (
    SELECT a.id, 1 AS depth FROM albums a WHERE a.id = $1
    UNION ALL
    SELECT c.id, down.depth + 1 FROM down JOIN albums c ON c.parent_id = down.id WHERE down.depth < 32)
SELECT a.id, a.owner_id, a.trashed_at, a.trash_id, down.depth FROM down JOIN albums a ON a.id = down.id;

-- name: LockAlbums :exec
SELECT 1 FROM albums WHERE id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY id FOR UPDATE;

-- name: SetAlbumParent :exec
UPDATE albums SET parent_id = sqlc.narg(parent_id), row_version = row_version + 1, updated_at = sqlc.arg(now) WHERE id = sqlc.arg(id);

-- name: TrashAlbumTree :exec
UPDATE albums SET trashed_at = sqlc.arg(now)::timestamptz, trash_id = sqlc.arg(trash_id)::uuid, row_version = row_version + 1,
       updated_at = sqlc.arg(now)::timestamptz
 WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: RestoreAlbums :exec
UPDATE albums SET trashed_at = NULL, trash_id = NULL, row_version = row_version + 1, updated_at = sqlc.arg(now)
 WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: TrashedAlbumIDs :many
-- What a person finds in the trash: what was thrown away as one is one entry.
SELECT a.id FROM albums a
 WHERE a.owner_id = sqlc.arg(owner_id) AND a.trashed_at IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM albums p WHERE p.id = a.parent_id AND p.owner_id = a.owner_id AND p.trashed_at IS NOT NULL
                      AND coalesce(p.trash_id, p.id) = coalesce(a.trash_id, a.id))
 ORDER BY a.trashed_at DESC, a.id DESC LIMIT sqlc.arg(n);

-- name: LockAlbumsTrashedBefore :many
SELECT id, owner_id, title FROM albums WHERE trashed_at < sqlc.arg(before)::timestamptz
 ORDER BY id LIMIT sqlc.arg(n) FOR UPDATE SKIP LOCKED;

-- name: DeleteAlbumRows :exec
-- Their photos stay, in no album.
DELETE FROM albums WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: SetMediaAlbum :exec
UPDATE media SET album_id = sqlc.narg(album_id), album_position = 0, row_version = row_version + 1, updated_at = now() WHERE id = sqlc.arg(id);

-- name: PlaceAlbumItems :exec
-- Numbers all items of an album anew, in the order that they have: by hand,
-- then (by: newest, oldest) by time, then by upload.
UPDATE media m SET album_position = (p.rank - p.n - 1) * sqlc.arg(gap)::bigint
  FROM (SELECT x.id, row_number() OVER w AS rank, count(*) OVER () AS n FROM media x WHERE x.album_id = sqlc.arg(album_id)::uuid
        WINDOW w AS (ORDER BY x.album_position,
                     CASE WHEN sqlc.arg(by)::text = 'oldest' THEN x.taken_at_local END,
                     CASE WHEN sqlc.arg(by)::text = 'newest' THEN x.taken_at_local END DESC,
                     CASE WHEN sqlc.arg(by)::text = 'newest' THEN x.id END DESC, x.id)) p
 WHERE m.id = p.id;

-- name: PlaceItem :exec
UPDATE media SET album_position = sqlc.arg(position) WHERE id = sqlc.arg(id);

-- name: PlacesBefore :many
-- The nearest listed items before a place in the order by hand, the moved one
-- left out.
SELECT m.id, m.album_position FROM media m
 WHERE m.album_id = sqlc.arg(album_id)::uuid AND m.listed AND m.id <> sqlc.arg(moved)
   AND (m.album_position, m.id) < (sqlc.arg(position)::bigint, sqlc.arg(id)::uuid)
 ORDER BY m.album_position DESC, m.id DESC LIMIT sqlc.arg(n);

-- name: PlacesAfter :many
SELECT m.id, m.album_position FROM media m
 WHERE m.album_id = sqlc.arg(album_id)::uuid AND m.listed AND m.id <> sqlc.arg(moved)
   AND (m.album_position, m.id) > (sqlc.arg(position)::bigint, sqlc.arg(id)::uuid)
 ORDER BY m.album_position, m.id LIMIT sqlc.arg(n);
