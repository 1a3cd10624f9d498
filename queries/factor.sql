-- name: FactorsOf :one
SELECT (SELECT t.confirmed_at FROM totp t WHERE t.user_id = u.id) AS totp_at,
       (SELECT count(*) FROM recovery_codes r WHERE r.user_id = u.id) AS recovery_codes,
       (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
       u.password_hash <> '' AS has_password
  FROM users u WHERE u.id = sqlc.arg(user_id);

-- name: PutTOTP :exec
-- A secret that is to be confirmed takes the place of an earlier such one,
-- never of one in force.
INSERT INTO totp (user_id, secret, created_at) VALUES (sqlc.arg(user_id), sqlc.arg(secret), sqlc.arg(now))
ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at WHERE totp.confirmed_at IS NULL;

-- name: TOTPOf :one
SELECT * FROM totp WHERE user_id = $1;

-- name: ConfirmTOTP :execrows
UPDATE totp SET confirmed_at = sqlc.arg(now)::timestamptz, last_step = sqlc.arg(step)
 WHERE user_id = sqlc.arg(user_id) AND confirmed_at IS NULL AND secret = sqlc.arg(secret);

-- name: TakeTOTPStep :execrows
-- Of several who show the same code at once, one passes.
UPDATE totp SET last_step = sqlc.arg(step)
 WHERE user_id = sqlc.arg(user_id) AND confirmed_at IS NOT NULL AND last_step < sqlc.arg(step) AND secret = sqlc.arg(secret);

-- name: DeleteTOTP :execrows
DELETE FROM totp WHERE user_id = $1;

-- name: AddRecoveryCode :exec
INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2);

-- name: TakeRecoveryCode :execrows
DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2;

-- name: DeleteRecoveryCodes :exec
DELETE FROM recovery_codes WHERE user_id = $1;

-- name: AddSignInStep :exec
INSERT INTO sign_in_steps (token_hash, user_id, remember, next, expires_at)
VALUES (sqlc.arg(token_hash), sqlc.arg(user_id), sqlc.arg(remember), sqlc.arg(next), sqlc.arg(expires_at));

-- name: SignInStep :one
SELECT sqlc.embed(s), sqlc.embed(u)
  FROM sign_in_steps s JOIN users u ON u.id = s.user_id
 WHERE s.token_hash = sqlc.arg(token_hash) AND s.expires_at > sqlc.arg(now);

-- name: TakeSignInStep :execrows
DELETE FROM sign_in_steps WHERE token_hash = $1;

-- name: DeleteSignInStepsOf :exec
DELETE FROM sign_in_steps WHERE user_id = $1;

-- name: DeleteExpiredSignInSteps :execrows
DELETE FROM sign_in_steps WHERE expires_at <= sqlc.arg(now);
