-- name: CreateOperation :exec
INSERT INTO operations (id, user_id, kind) VALUES ($1, $2, $3);

-- name: CreateOperationItem :exec
INSERT INTO operation_items (operation_id, media_id, field, before, after) VALUES ($1, $2, $3, $4, $5);

-- name: LockOperation :one
SELECT * FROM operations WHERE id = $1 AND user_id = $2 FOR UPDATE;

-- name: OperationItems :many
SELECT * FROM operation_items WHERE operation_id = $1 ORDER BY media_id, field;

-- name: MarkOperationUndone :exec
UPDATE operations SET undone_at = now() WHERE id = $1;

-- name: OperationBefore :one
-- The last act of the same person before a given one that can still be undone
-- and is not much older.
SELECT o.id FROM operations o
 WHERE o.user_id = sqlc.arg(user_id) AND (o.created_at, o.id) < (sqlc.arg(created_at)::timestamptz, sqlc.arg(id)::uuid)
   AND o.created_at > sqlc.arg(created_at)::timestamptz - make_interval(secs => sqlc.arg(within_seconds))
   AND o.undone_at IS NULL AND EXISTS (SELECT 1 FROM operation_items i WHERE i.operation_id = o.id)
 ORDER BY o.created_at DESC, o.id DESC LIMIT 1;
