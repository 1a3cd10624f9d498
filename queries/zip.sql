-- Copies without metadata, and albums as one archive.

-- name: DerivativeOf :one
SELECT * FROM derivatives WHERE media_id = $1 AND kind = $2;

-- name: ArchiveAlbums :many
-- An album and those below it that the subjects may see, each after the one that
-- it lies in.
WITH RECURSIVE down AS (
    SELECT a.id, a.parent_id, a.title, a.sort, 0 AS depth FROM albums a WHERE a.id = sqlc.arg(id)
    UNION ALL
    SELECT b.id, b.parent_id, b.title, b.sort, down.depth + 1 FROM down JOIN albums b ON b.parent_id = down.id
     WHERE b.trashed_at IS NULL AND down.depth < 32
       AND EXISTS (SELECT 1 FROM album_access x WHERE x.album_id = b.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[])))
SELECT id, parent_id, title, sort FROM down ORDER BY depth, lower(title), id;

-- name: ArchiveFacts :many
SELECT m.id, m.taken_at, f.bytes FROM media m JOIN media_files f ON f.media_id = m.id AND f.role = 'original'
 WHERE m.id = ANY (sqlc.arg(ids)::uuid[]);

-- name: ArchiveItem :one
-- Asked right before an item goes into an archive: where its original lies, what
-- the subjects are to it now, and whether it is still listed in the album and the
-- account or share link still lives.
SELECT f.storage_key, f.bytes,
       coalesce((SELECT max(x.role) FROM media_access x
         WHERE x.media_id = m.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))::text, '')::text AS role,
       (m.listed AND m.withheld IS NULL AND m.album_id IS NOT DISTINCT FROM sqlc.arg(album_id)::uuid
        AND NOT EXISTS (SELECT 1 FROM albums a WHERE a.id = m.album_id AND a.trashed_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = sqlc.arg(user_id) AND u.suspended_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM share_links l WHERE l.id = ANY (sqlc.arg(subjects)::uuid[])
              AND (l.revoked_at IS NOT NULL OR l.expires_at <= sqlc.arg(now)::timestamptz)))::boolean AS listed
  FROM media m JOIN media_files f ON f.media_id = m.id AND f.role = 'original'
 WHERE m.id = sqlc.arg(id);
