-- name: AddOIDCAttempt :exec
INSERT INTO oidc_attempts (token_hash, user_id, next, remember, expires_at)
VALUES (sqlc.arg(token_hash), sqlc.narg(user_id), sqlc.arg(next), sqlc.arg(remember), sqlc.arg(expires_at));

-- name: OIDCAttempt :one
SELECT * FROM oidc_attempts WHERE token_hash = sqlc.arg(token_hash) AND expires_at > sqlc.arg(now);

-- name: TakeOIDCAttempt :one
-- Of several who come back at once, one passes.
DELETE FROM oidc_attempts WHERE token_hash = sqlc.arg(token_hash) AND expires_at > sqlc.arg(now) RETURNING *;

-- name: DeleteExpiredOIDCAttempts :exec
DELETE FROM oidc_attempts WHERE expires_at <= sqlc.arg(now);

-- name: IdentityUser :one
SELECT sqlc.embed(i), sqlc.embed(u)
  FROM identities i JOIN users u ON u.id = i.user_id
 WHERE i.issuer = sqlc.arg(issuer) AND i.subject = sqlc.arg(subject);

-- name: AddIdentity :exec
INSERT INTO identities (id, user_id, issuer, subject, email, created_at)
VALUES (sqlc.arg(id), sqlc.arg(user_id), sqlc.arg(issuer), sqlc.arg(subject), sqlc.arg(email), sqlc.arg(now));

-- name: TouchIdentity :exec
UPDATE identities SET last_used_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id);

-- name: IdentitiesOf :many
SELECT * FROM identities WHERE user_id = $1 ORDER BY created_at, id;

-- name: DeleteIdentity :one
DELETE FROM identities WHERE id = $1 AND user_id = $2 RETURNING *;
