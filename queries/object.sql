-- name: ReserveObject :exec
INSERT INTO pending_objects (storage_key, delete_at) VALUES ($1, $2)
ON CONFLICT (storage_key) DO UPDATE SET delete_at = excluded.delete_at;

-- name: KeepObject :execrows
-- Gives a reserved object its place: no row means that the sweeper has taken it.
DELETE FROM pending_objects WHERE storage_key = $1;

-- name: LockDueObjects :many
SELECT storage_key FROM pending_objects WHERE delete_at <= sqlc.arg(now)
 ORDER BY delete_at LIMIT sqlc.arg(n) FOR UPDATE SKIP LOCKED;

-- name: LockPendingObjects :many
SELECT storage_key FROM pending_objects WHERE storage_key = ANY (sqlc.arg(keys)::text[]) FOR UPDATE SKIP LOCKED;
