-- name: OriginalsAfter :many
-- Pages through all originals by their media's id.
SELECT f.media_id, f.storage_key, f.sha256, f.filename, u.email FROM media_files f
  JOIN media m ON m.id = f.media_id JOIN users u ON u.id = m.owner_id
 WHERE f.role = 'original' AND f.media_id > sqlc.arg(after) ORDER BY f.media_id LIMIT sqlc.arg(n);

-- name: ReprocessAfter :many
-- Marks a page of finished items to be processed anew. What is shown stays
-- until then.
UPDATE media SET status = 'pending', error_code = '', error = '', crashes = 0, lease_until = NULL, updated_at = now()
 WHERE id IN (SELECT m.id FROM media m WHERE m.id > sqlc.arg(after)
    AND (m.status = 'failed' OR (m.status = 'ready' AND NOT sqlc.arg(failed_only)::boolean)) ORDER BY m.id LIMIT sqlc.arg(n))
RETURNING id;

-- name: FinishedAfter :many
-- Pages through finished items and their originals by id; of one owner, when that is given.
SELECT sqlc.embed(m), sqlc.embed(f) FROM media m JOIN media_files f ON f.media_id = m.id AND f.role = 'original'
 WHERE m.id > sqlc.arg(after) AND m.status IN ('ready', 'failed')
   AND (sqlc.narg(owner_id)::uuid IS NULL OR m.owner_id = sqlc.narg(owner_id)) ORDER BY m.id LIMIT sqlc.arg(n);

-- name: CountFinished :one
SELECT count(*) FROM media m WHERE m.status IN ('ready', 'failed')
   AND (sqlc.narg(owner_id)::uuid IS NULL OR m.owner_id = sqlc.narg(owner_id));

-- name: LockFinished :one
-- Locks an item that no worker has taken since it was read.
SELECT * FROM media WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND status IN ('ready', 'failed') FOR UPDATE;
