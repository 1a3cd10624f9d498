-- Messages of the contact form.

-- name: AddContactMessage :exec
INSERT INTO contact_messages (id, name, email, message, user_id, ip, created_at)
VALUES (sqlc.arg(id), sqlc.arg(name), sqlc.arg(email), sqlc.arg(message), sqlc.narg(user_id), sqlc.arg(ip), sqlc.arg(now));

-- name: ContactMessages :many
SELECT sqlc.embed(m), coalesce(u.name, '') AS answered_name
  FROM contact_messages m LEFT JOIN users u ON u.id = m.answered_by
 WHERE (m.answered_at IS NOT NULL) = sqlc.arg(answered)::boolean AND m.id < sqlc.arg(before)
 ORDER BY m.id DESC LIMIT sqlc.arg(n);

-- name: CountOpenContactMessages :one
SELECT count(*) FROM contact_messages WHERE answered_at IS NULL;

-- name: SetContactAnswered :execrows
-- No row: there is none, or it is so already.
UPDATE contact_messages SET answered_at = sqlc.narg(at), answered_by = sqlc.narg(by_id)
 WHERE id = sqlc.arg(id) AND (answered_at IS NULL) = (sqlc.narg(at)::timestamptz IS NOT NULL);

-- name: ContactMessageExists :one
SELECT EXISTS (SELECT 1 FROM contact_messages WHERE id = sqlc.arg(id));

-- name: DeleteContactMessage :execrows
DELETE FROM contact_messages WHERE id = sqlc.arg(id);

-- name: ForgetContactMessages :execrows
DELETE FROM contact_messages WHERE created_at < sqlc.arg(before)::timestamptz;

-- name: ForgetContactMessagesFrom :exec
-- Of a person whose account ends, also those from before it.
DELETE FROM contact_messages WHERE user_id = sqlc.arg(user_id)::uuid OR user_id IS NULL AND lower(email) = ANY (sqlc.arg(emails)::text[]);
