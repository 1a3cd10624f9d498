-- name: CreateUser :one
INSERT INTO users (id, email, name, password_hash, is_admin, language, time_zone, quota_bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING *;

-- name: UserByID :one
SELECT * FROM users WHERE id = $1;

-- name: LockUser :one
SELECT * FROM users WHERE id = $1 FOR UPDATE;

-- name: UserByEmail :one
SELECT * FROM users WHERE lower(email) = lower(sqlc.arg(email));

-- name: CountAdmins :one
SELECT count(*) FROM users WHERE is_admin AND suspended_at IS NULL;

-- name: ListUsers :many
SELECT * FROM users ORDER BY lower(email);

-- name: LockAdmins :exec
-- Until the transaction ends, nobody else makes or suspends an administrator.
SELECT pg_advisory_xact_lock(7342);

-- name: BeginFirstRun :one
-- The nonce of the first-run code, made when there is none yet.
INSERT INTO first_run (nonce) VALUES ($1)
ON CONFLICT (single) DO UPDATE SET nonce = first_run.nonce
RETURNING nonce;

-- name: FirstRunNonce :one
SELECT nonce FROM first_run;

-- name: EndFirstRun :exec
DELETE FROM first_run;

-- name: SetUserSettings :one
UPDATE users SET name = sqlc.arg(name), language = sqlc.arg(language), time_zone = sqlc.arg(time_zone), theme = sqlc.arg(theme), updated_at = now()
 WHERE id = sqlc.arg(id)
RETURNING *;

-- name: SetUserTheme :exec
UPDATE users SET theme = sqlc.arg(theme), updated_at = now() WHERE id = sqlc.arg(id);

-- name: SetUserPassword :exec
UPDATE users SET password_hash = sqlc.arg(password_hash), updated_at = now() WHERE id = sqlc.arg(id);

-- name: SetUserSuspended :exec
UPDATE users SET suspended_at = sqlc.narg(suspended_at), updated_at = now() WHERE id = sqlc.arg(id);
