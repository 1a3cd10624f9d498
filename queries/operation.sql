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
