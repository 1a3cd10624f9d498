-- The members of an album. Effective roles come from album_access alone.

-- name: LockAlbumForSharing :one
-- Changes of one album's members come one after the other.
SELECT id FROM albums WHERE id = $1 FOR UPDATE;

-- name: RoleOfUser :one
SELECT coalesce((SELECT x.role::text FROM album_access x WHERE x.album_id = sqlc.arg(album_id) AND x.subject_id = sqlc.arg(user_id)), '')::text;

-- name: AlbumPeople :many
SELECT u.id, u.name, lower(u.name)::text AS sort_name, u.email, u.suspended_at, x.role FROM album_access x JOIN users u ON u.id = x.subject_id
 WHERE x.album_id = sqlc.arg(album_id) AND (sqlc.arg(hide_suspended)::bool = false OR u.suspended_at IS NULL)
   AND (lower(u.name), u.id) > (sqlc.arg(after_name)::text, sqlc.arg(after_id)::uuid)
 ORDER BY lower(u.name), u.id LIMIT sqlc.arg(n);

-- name: CountAlbumPeople :one
SELECT count(*) FROM album_access x JOIN users u ON u.id = x.subject_id
 WHERE x.album_id = sqlc.arg(album_id) AND (sqlc.arg(hide_suspended)::bool = false OR u.suspended_at IS NULL);

-- name: AlbumAdmins :many
-- Who could own the album.
SELECT u.id, u.name, u.email FROM album_access x JOIN users u ON u.id = x.subject_id
 WHERE x.album_id = $1 AND x.role = 'admin' AND u.suspended_at IS NULL ORDER BY lower(u.name), u.id LIMIT sqlc.arg(n);

-- name: RoleSources :many
-- Where the roles of some people on an album come from. An album above is named
-- only to who may see it.
WITH RECURSIVE up AS (
    SELECT a.id, a.owner_id, a.parent_id, a.title, 0 AS depth FROM albums a WHERE a.id = sqlc.arg(album_id)
    UNION ALL
    SELECT p.id, p.owner_id, p.parent_id, p.title, up.depth + 1 FROM up JOIN albums p ON p.id = up.parent_id WHERE up.depth < 31
), granted AS (
    SELECT up.owner_id AS user_id, up.id AS source_id, up.title, up.depth, 'owner' AS kind, ''::text AS group_name,
           CASE WHEN up.depth = 0 THEN 'owner' ELSE 'admin' END AS role FROM up
    UNION ALL
    SELECT g.user_id, up.id, up.title, up.depth, 'direct', '', g.role::text FROM up JOIN album_grants g ON g.album_id = up.id
     WHERE g.user_id IS NOT NULL
    UNION ALL
    SELECT m.user_id, up.id, up.title, up.depth, 'group', s.name, g.role::text FROM up JOIN album_grants g ON g.album_id = up.id
      JOIN groups s ON s.id = g.group_id JOIN group_members m ON m.group_id = g.group_id
)
SELECT t.user_id::uuid AS user_id, t.source_id::uuid AS source_id, t.depth::int AS depth, t.kind::text AS kind,
       t.group_name::text AS group_name, t.role::text AS role,
       CASE WHEN EXISTS (SELECT 1 FROM album_access x WHERE x.album_id = t.source_id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))
            THEN t.title ELSE '' END::text AS title
  FROM granted t WHERE t.user_id = ANY (sqlc.arg(user_ids)::uuid[])
 ORDER BY t.depth, t.kind DESC, t.group_name;

-- name: AlbumGrants :many
-- What was granted on the album itself.
SELECT sqlc.embed(g), coalesce(u.name, s.name, '')::text AS name, coalesce(u.email, '')::text AS email,
       (SELECT count(*) FROM group_members m WHERE m.group_id = g.group_id)::bigint AS members, coalesce(b.name, '')::text AS granted_by_name
  FROM album_grants g LEFT JOIN users u ON u.id = g.user_id LEFT JOIN groups s ON s.id = g.group_id LEFT JOIN users b ON b.id = g.granted_by
 WHERE g.album_id = $1 ORDER BY g.group_id IS NULL, lower(coalesce(u.name, s.name)), g.id;

-- name: GrantOn :one
-- The album is part of the question: an id alone would let one album's admin change another album.
SELECT * FROM album_grants WHERE id = sqlc.arg(id) AND album_id = sqlc.arg(album_id);

-- name: GrantOfUser :one
SELECT * FROM album_grants WHERE album_id = sqlc.arg(album_id) AND user_id = sqlc.arg(user_id)::uuid;

-- name: GrantOfGroup :one
SELECT * FROM album_grants WHERE album_id = sqlc.arg(album_id) AND group_id = sqlc.arg(group_id)::uuid;

-- name: AddGrant :one
INSERT INTO album_grants (id, album_id, user_id, group_id, role, granted_by, granted_at)
VALUES (sqlc.arg(id), sqlc.arg(album_id), sqlc.narg(user_id), sqlc.narg(group_id), sqlc.arg(role), sqlc.narg(granted_by), sqlc.arg(now))
RETURNING *;

-- name: SetGrantRole :execrows
UPDATE album_grants SET role = sqlc.arg(role), granted_by = sqlc.narg(granted_by), granted_at = sqlc.arg(now)
 WHERE id = sqlc.arg(id) AND album_id = sqlc.arg(album_id);

-- name: RemoveGrant :execrows
DELETE FROM album_grants WHERE id = sqlc.arg(id) AND album_id = sqlc.arg(album_id);

-- name: SetAlbumOwner :exec
UPDATE albums SET owner_id = sqlc.arg(owner_id), row_version = row_version + 1, updated_at = sqlc.arg(now) WHERE id = sqlc.arg(id);

-- name: GroupsToShareWith :many
-- One's own groups; of an administrator, all.
SELECT g.* FROM groups g
 WHERE sqlc.arg(every)::bool OR EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.user_id = sqlc.arg(user_id))
 ORDER BY lower(g.name);

-- name: LinksToRevoke :many
-- The open links that somebody made on an album and below, where that person may no longer share.
WITH RECURSIVE down AS (
    SELECT a.id, a.title, 0 AS depth FROM albums a WHERE a.id = sqlc.arg(album_id)
    UNION ALL
    SELECT c.id, c.title, down.depth + 1 FROM down JOIN albums c ON c.parent_id = down.id WHERE down.depth < 31
)
SELECT l.id, l.album_id, down.title FROM share_links l JOIN down ON down.id = l.album_id
 WHERE l.created_by = sqlc.arg(user_id) AND l.revoked_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM album_access x WHERE x.album_id = l.album_id AND x.subject_id = sqlc.arg(user_id) AND x.role >= 'admin');

-- name: RevokeLinks :exec
UPDATE share_links SET revoked_at = sqlc.arg(now)::timestamptz WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND revoked_at IS NULL;

-- name: CountOpenLinksOf :many
-- How many open links each of some people made on an album.
SELECT created_by, count(*) AS n FROM share_links
 WHERE album_id = sqlc.arg(album_id) AND revoked_at IS NULL AND created_by = ANY (sqlc.arg(user_ids)::uuid[]) GROUP BY created_by;

-- name: SeesAddressOf :one
-- Whether somebody sees a person's address already: as an admin of an album that
-- the person may see as a member.
SELECT EXISTS (SELECT 1 FROM album_access mine JOIN album_access theirs ON theirs.album_id = mine.album_id
                WHERE mine.subject_id = sqlc.arg(viewer_id)::uuid AND mine.role >= 'admin' AND theirs.subject_id = sqlc.arg(user_id)::uuid);
