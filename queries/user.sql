-- name: CreateUser :one
INSERT INTO users (id, email, name, password_hash, is_admin, language, time_zone, quota_bytes, email_verified_at, policy_round)
VALUES (sqlc.arg(id), sqlc.arg(email), sqlc.arg(name), sqlc.arg(password_hash), sqlc.arg(is_admin), sqlc.arg(language), sqlc.arg(time_zone),
        sqlc.narg(quota_bytes), CASE WHEN NOT sqlc.arg(unverified)::boolean THEN now() END, sqlc.arg(policy_round))
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

-- name: SetUserEmail :one
-- Whoever changes the address has shown that mail for it arrives.
UPDATE users SET email = sqlc.arg(email), email_verified_at = sqlc.arg(now)::timestamptz, updated_at = now() WHERE id = sqlc.arg(id)
RETURNING *;

-- name: SetUserVerified :exec
UPDATE users SET email_verified_at = sqlc.arg(now)::timestamptz, updated_at = now() WHERE id = sqlc.arg(id) AND email_verified_at IS NULL;

-- name: RenewUnverifiedUser :one
-- Whoever signs up last with an address that nobody has confirmed yet. What the
-- one before has accepted is not theirs.
WITH theirs AS (DELETE FROM policy_acceptances p WHERE p.user_id = sqlc.arg(id))
UPDATE users SET name = sqlc.arg(name), password_hash = sqlc.arg(password_hash), language = sqlc.arg(language), time_zone = sqlc.arg(time_zone),
       created_at = sqlc.arg(now), updated_at = now(), policy_round = sqlc.arg(policy_round)
 WHERE id = sqlc.arg(id) AND email_verified_at IS NULL
RETURNING *;

-- name: DeleteUnverifiedUsers :execrows
DELETE FROM users WHERE email_verified_at IS NULL AND created_at < sqlc.arg(before);

-- name: SetUserAvatar :exec
UPDATE users SET avatar_key = sqlc.narg(avatar_key), updated_at = now() WHERE id = sqlc.arg(id);

-- name: AddMailedLink :exec
INSERT INTO mailed_links (token_hash, user_id, purpose, email, created_at, expires_at)
VALUES (sqlc.arg(token_hash), sqlc.arg(user_id), sqlc.arg(purpose), sqlc.arg(email), sqlc.arg(now), sqlc.arg(expires_at));

-- name: MailedLink :one
SELECT sqlc.embed(l), sqlc.embed(u)
  FROM mailed_links l JOIN users u ON u.id = l.user_id
 WHERE l.token_hash = sqlc.arg(token_hash) AND l.purpose = sqlc.arg(purpose) AND l.expires_at > sqlc.arg(now);

-- name: UseMailedLink :execrows
-- Of several who follow a link at once, one.
DELETE FROM mailed_links WHERE token_hash = $1;

-- name: DeleteMailedLinksOf :exec
DELETE FROM mailed_links WHERE user_id = sqlc.arg(user_id) AND purpose = ANY (sqlc.arg(purposes)::text[]);

-- name: DeleteExpiredMailedLinks :execrows
DELETE FROM mailed_links WHERE expires_at <= sqlc.arg(now);

-- name: DeleteUnverifiedUser :exec
DELETE FROM users WHERE lower(email) = lower(sqlc.arg(email)) AND email_verified_at IS NULL;
