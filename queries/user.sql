-- name: CreateUser :one
INSERT INTO users (id, email, name, password_hash, is_admin, language, time_zone)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING *;

-- name: UserByID :one
SELECT * FROM users WHERE id = $1;

-- name: UserByEmail :one
SELECT * FROM users WHERE lower(email) = lower(sqlc.arg(email));

-- name: CountAdmins :one
SELECT count(*) FROM users WHERE is_admin AND suspended_at IS NULL;

-- name: ListUsers :many
SELECT * FROM users ORDER BY lower(email);
