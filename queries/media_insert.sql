-- name: LockUserUsage :one
-- Serialises what is added to one user's account.
SELECT quota_bytes, used_bytes FROM users WHERE id = $1 FOR NO KEY UPDATE;

-- name: UserUsage :one
SELECT quota_bytes, used_bytes FROM users WHERE id = $1;

-- name: MediaBySHA256 :one
SELECT * FROM media WHERE owner_id = $1 AND sha256 = $2;

-- name: InsertMedia :one
INSERT INTO media (id, owner_id, album_id, kind, filename, mime, bytes, sha256,
                   taken_at, taken_at_local, taken_offset, taken_at_source, uploaded_at, updated_at, withheld)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, sqlc.arg(now), sqlc.arg(now), sqlc.narg(withheld))
RETURNING *;

-- name: InsertOriginal :exec
INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
VALUES ($1, $2, 'original', $3, $4, $5, $6, $7);

-- name: RestoreMediaRow :one
UPDATE media SET trashed_at = NULL, row_version = row_version + 1, updated_at = sqlc.arg(now)
 WHERE id = sqlc.arg(id) RETURNING *;

-- name: ReplaceOriginalObject :exec
UPDATE media_files SET storage_key = sqlc.arg(storage_key) WHERE media_id = sqlc.arg(media_id) AND role = 'original';
