-- name: OwnsAnyMedia :one
SELECT EXISTS (SELECT 1 FROM media WHERE owner_id = $1)::boolean AS ok;

-- name: MediaStates :many
SELECT id, filename, status, error_code, error FROM media
 WHERE owner_id = sqlc.arg(owner_id) AND id = ANY (sqlc.arg(ids)::uuid[]);
