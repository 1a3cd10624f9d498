-- name: CreateToken :one
INSERT INTO api_tokens (id, user_id, name, token_hash, hint, scopes, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING *;

-- name: TokenByHash :one
SELECT sqlc.embed(t), sqlc.embed(u)
  FROM api_tokens t JOIN users u ON u.id = t.user_id
 WHERE t.token_hash = $1;

-- name: TouchToken :exec
UPDATE api_tokens SET last_used_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id);

-- name: ListTokens :many
SELECT * FROM api_tokens WHERE user_id = $1 ORDER BY created_at DESC, id DESC;

-- name: CountTokens :one
SELECT count(*) FROM api_tokens WHERE user_id = $1 AND expires_at > sqlc.arg(now);

-- name: ForgetExpiredTokens :exec
DELETE FROM api_tokens WHERE user_id = $1 AND expires_at <= sqlc.arg(before);

-- name: DeleteToken :execrows
DELETE FROM api_tokens WHERE id = $1 AND user_id = $2;

-- name: DeleteTokensOf :execrows
DELETE FROM api_tokens WHERE user_id = $1;
