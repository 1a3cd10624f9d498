-- name: AddPasskeyChallenge :exec
INSERT INTO passkey_challenges (key_hash, purpose, user_id, name, session, expires_at)
VALUES (sqlc.arg(key_hash), sqlc.arg(purpose), sqlc.narg(user_id), sqlc.arg(name), sqlc.arg(session), sqlc.arg(expires_at));

-- name: TakePasskeyChallenge :one
-- Of several who answer at once, one is heard.
DELETE FROM passkey_challenges WHERE key_hash = sqlc.arg(key_hash) AND purpose = sqlc.arg(purpose) AND expires_at > sqlc.arg(now) RETURNING *;

-- name: DeleteExpiredPasskeyChallenges :exec
DELETE FROM passkey_challenges WHERE expires_at <= sqlc.arg(now);

-- name: PasskeysOf :many
SELECT * FROM passkeys WHERE user_id = $1 ORDER BY created_at, id;

-- name: AddPasskey :exec
INSERT INTO passkeys (id, user_id, name, credential_id, public_key, transports, sign_count, backup_eligible, backed_up, created_at)
VALUES (sqlc.arg(id), sqlc.arg(user_id), sqlc.arg(name), sqlc.arg(credential_id), sqlc.arg(public_key), sqlc.arg(transports), sqlc.arg(sign_count),
        sqlc.arg(backup_eligible), sqlc.arg(backed_up), sqlc.arg(now));

-- name: PasskeyUser :one
-- Whose key it is.
SELECT sqlc.embed(p), sqlc.embed(u) FROM passkeys p JOIN users u ON u.id = p.user_id WHERE p.credential_id = sqlc.arg(credential_id);

-- name: TouchPasskey :execrows
-- No row: it counted further meanwhile, is suspected or gone.
UPDATE passkeys SET sign_count = sqlc.arg(sign_count), backed_up = sqlc.arg(backed_up), last_used_at = sqlc.arg(now)::timestamptz
 WHERE id = sqlc.arg(id) AND suspected_at IS NULL AND (sign_count < sqlc.arg(sign_count) OR sign_count = 0 AND sqlc.arg(sign_count) = 0);

-- name: SuspectPasskey :execrows
UPDATE passkeys SET suspected_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id) AND suspected_at IS NULL;

-- name: RenamePasskey :one
-- The name before.
WITH was AS (SELECT k.id, k.name FROM passkeys k WHERE k.id = sqlc.arg(id) AND k.user_id = sqlc.arg(user_id) FOR UPDATE)
UPDATE passkeys p SET name = sqlc.arg(name) FROM was WHERE p.id = was.id RETURNING was.name;

-- name: DeletePasskey :one
DELETE FROM passkeys WHERE id = sqlc.arg(id) AND user_id = sqlc.arg(user_id) RETURNING name;

-- name: OtherWaysIn :one
-- Beside the passkey, what lets the person in: a password, an account
-- elsewhere, another passkey.
SELECT (u.password_hash <> '' OR EXISTS (SELECT 1 FROM identities i WHERE i.user_id = u.id)
        OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id AND p.id <> sqlc.arg(but) AND p.suspected_at IS NULL))::boolean
  FROM users u WHERE u.id = sqlc.arg(user_id);
