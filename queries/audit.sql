-- name: AddAudit :exec
INSERT INTO audit_log (at, actor_id, actor_kind, action, object_kind, object_id, subject_id, ip, request_id, detail, salt, commitment)
VALUES (sqlc.arg(at), sqlc.narg(actor_id), sqlc.arg(actor_kind), sqlc.arg(action), sqlc.arg(object_kind), sqlc.narg(object_id),
        sqlc.narg(subject_id), sqlc.arg(ip), sqlc.arg(request_id), sqlc.arg(detail), sqlc.arg(salt), sqlc.arg(commitment));
