-- name: FindSession :one
-- The session of somebody who is signed in, unless it is over.
SELECT s.data, s.last_seen_at, sqlc.embed(u)
  FROM sessions s JOIN users u ON u.id = s.user_id
 WHERE s.token_hash = sqlc.arg(token_hash) AND s.expires_at > sqlc.arg(now)
   AND s.last_seen_at > CASE WHEN s.remembered THEN sqlc.arg(remembered_idle_since)::timestamptz ELSE sqlc.arg(idle_since)::timestamptz END;

-- name: FindVisit :one
-- The session of a visitor, unless it is over.
SELECT s.data, s.last_seen_at
  FROM sessions s
 WHERE s.user_id IS NULL AND s.token_hash = sqlc.arg(token_hash) AND s.expires_at > sqlc.arg(now)
   AND s.last_seen_at > CASE WHEN s.remembered THEN sqlc.arg(remembered_idle_since)::timestamptz ELSE sqlc.arg(idle_since)::timestamptz END;

-- name: TouchSession :exec
UPDATE sessions SET last_seen_at = sqlc.arg(now), ip = sqlc.arg(ip), user_agent = sqlc.arg(user_agent)
 WHERE token_hash = sqlc.arg(token_hash);

-- name: CreateSession :exec
INSERT INTO sessions (token_hash, user_id, data, ip, user_agent, remembered, way, created_at, last_seen_at, expires_at)
VALUES (sqlc.arg(token_hash), sqlc.narg(user_id), sqlc.arg(data), sqlc.arg(ip), sqlc.arg(user_agent), sqlc.arg(remembered), sqlc.arg(way), sqlc.arg(now), sqlc.arg(now), sqlc.arg(expires_at));

-- name: UpdateSession :exec
-- Never inserts: a session that was ended meanwhile stays ended.
UPDATE sessions SET data = sqlc.arg(data), last_seen_at = sqlc.arg(now) WHERE token_hash = sqlc.arg(token_hash);

-- name: DeleteSession :exec
DELETE FROM sessions WHERE token_hash = $1;

-- name: DeleteSessionsOf :execrows
DELETE FROM sessions WHERE user_id = $1;

-- name: ListSessionsOf :many
-- Those that are not over, the one used last first.
SELECT id, ip, user_agent, remembered, way, created_at, last_seen_at, token_hash = sqlc.arg(current)::bytea AS is_current
  FROM sessions
 WHERE user_id = sqlc.arg(user_id)::uuid AND expires_at > sqlc.arg(now)
   AND last_seen_at > CASE WHEN remembered THEN sqlc.arg(remembered_idle_since)::timestamptz ELSE sqlc.arg(idle_since)::timestamptz END
 ORDER BY last_seen_at DESC, id;

-- name: DeleteSessionOf :execrows
DELETE FROM sessions WHERE id = sqlc.arg(id) AND user_id = sqlc.arg(user_id)::uuid;

-- name: DeleteOtherSessionsOf :execrows
-- All but the one with the hash; with one that nothing has, all.
DELETE FROM sessions WHERE user_id = sqlc.arg(user_id)::uuid AND token_hash <> sqlc.arg(current)::bytea;

-- name: DeleteEndedSessions :execrows
DELETE FROM sessions
 WHERE expires_at <= sqlc.arg(now)
    OR last_seen_at <= CASE WHEN remembered THEN sqlc.arg(remembered_idle_since)::timestamptz ELSE sqlc.arg(idle_since)::timestamptz END;
