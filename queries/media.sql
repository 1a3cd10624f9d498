-- name: MediaByID :one
SELECT * FROM media WHERE id = $1;

-- name: LockMedia :one
SELECT * FROM media WHERE id = $1 FOR UPDATE;

-- name: IsFavourite :one
SELECT EXISTS (SELECT 1 FROM favourites WHERE user_id = $1 AND media_id = $2);

-- name: MediaDerivatives :many
SELECT * FROM derivatives WHERE media_id = $1;

-- name: AddFavourite :exec
INSERT INTO favourites (user_id, media_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: RemoveFavourite :exec
DELETE FROM favourites WHERE user_id = $1 AND media_id = $2;

-- name: SetMediaTitle :exec
UPDATE media SET title = $2, row_version = row_version + 1, updated_at = now(),
       edited = ARRAY(SELECT DISTINCT unnest(edited || '{title}'::text[]))
 WHERE id = $1;

-- name: SetMediaDescription :exec
UPDATE media SET description = $2, row_version = row_version + 1, updated_at = now(),
       edited = ARRAY(SELECT DISTINCT unnest(edited || '{description}'::text[]))
 WHERE id = $1;

-- name: SetMediaRating :exec
UPDATE media SET rating = $2, row_version = row_version + 1, updated_at = now(),
       edited = ARRAY(SELECT DISTINCT unnest(edited || '{rating}'::text[]))
 WHERE id = $1;

-- name: SetMediaArchived :exec
UPDATE media SET archived_at = sqlc.narg(archived_at), row_version = row_version + 1, updated_at = now() WHERE id = sqlc.arg(id);

-- name: SetMediaTrashed :exec
UPDATE media SET trashed_at = sqlc.narg(trashed_at), row_version = row_version + 1, updated_at = now() WHERE id = sqlc.arg(id);

-- name: QueueObjectsForDeletion :exec
-- An original that was reported stays as long as its case does.
INSERT INTO pending_objects (storage_key, delete_at)
SELECT f.storage_key, now() FROM media_files f WHERE f.media_id = ANY (sqlc.arg(ids)::uuid[])
   AND NOT EXISTS (SELECT 1 FROM report_cases c WHERE c.storage_key = f.storage_key)
UNION ALL
SELECT d.storage_key, now() FROM derivatives d WHERE d.media_id = ANY (sqlc.arg(ids)::uuid[])
ON CONFLICT (storage_key) DO UPDATE SET delete_at = excluded.delete_at;

-- name: DeleteMediaRows :exec
-- Gives their owners the space back.
WITH gone AS (DELETE FROM media WHERE id = ANY (sqlc.arg(ids)::uuid[]) RETURNING owner_id, bytes)
UPDATE users u SET used_bytes = greatest(0, u.used_bytes - g.bytes)
  FROM (SELECT owner_id, sum(bytes)::bigint AS bytes FROM gone GROUP BY owner_id) g WHERE u.id = g.owner_id;

-- name: AddUsedBytes :exec
UPDATE users SET used_bytes = greatest(0, used_bytes + sqlc.arg(delta)::bigint) WHERE id = sqlc.arg(id);

-- name: OriginalWithRole :one
-- The original of one item together with what the subjects are to that item.
SELECT f.storage_key, f.mime, f.bytes, f.sha256, f.created_at, m.filename, m.trashed_at,
       coalesce((SELECT max(x.role) FROM media_access x
         WHERE x.media_id = m.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))::text, '')::text AS role
  FROM media m JOIN media_files f ON f.media_id = m.id AND f.role = 'original'
 WHERE m.id = sqlc.arg(id);

-- name: DerivativeWithRole :one
-- storage_key is empty while the derivative has not been made.
SELECT coalesce(d.storage_key, '')::text AS storage_key, coalesce(d.mime, '')::text AS mime, coalesce(d.bytes, 0)::bigint AS bytes,
       coalesce(d.version, 0)::int AS version, coalesce(d.created_at, m.uploaded_at)::timestamptz AS created_at, m.trashed_at, m.status,
       coalesce((SELECT max(x.role) FROM media_access x
         WHERE x.media_id = m.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))::text, '')::text AS role
  FROM media m LEFT JOIN derivatives d ON d.media_id = m.id AND d.kind = sqlc.arg(kind)
 WHERE m.id = sqlc.arg(id);

-- name: MediaRecords :many
-- Of the wanted items those that the subjects may see, each with what its full form shows.
SELECT sqlc.embed(m), u.name AS owner_name,
       EXISTS (SELECT 1 FROM favourites f WHERE f.media_id = m.id AND f.user_id = sqlc.arg(user_id)) AS favourite,
       coalesce((SELECT d.version FROM derivatives d WHERE d.media_id = m.id AND d.kind = 'thumb'), 0)::int AS thumb_version,
       coalesce((SELECT d.version FROM derivatives d WHERE d.media_id = m.id AND d.kind = 'preview'), 0)::int AS preview_version
  FROM media m JOIN users u ON u.id = m.owner_id
 WHERE m.id = ANY (sqlc.arg(ids)::uuid[])
   AND EXISTS (SELECT 1 FROM media_access x WHERE x.media_id = m.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[])
                 AND (m.trashed_at IS NULL OR x.role = 'owner'));
