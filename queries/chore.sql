-- Work on all of a person's items that goes on in the background.

-- name: AddEmptyTrash :exec
INSERT INTO chores (user_id, kind, asked) VALUES ($1, 'empty_trash', $2)
ON CONFLICT (user_id, kind) DO UPDATE SET asked = excluded.asked;

-- name: AddReindex :exec
-- Nothing to do where both languages are indexed alike.
INSERT INTO chores (user_id, kind, asked)
SELECT sqlc.arg(user_id), 'reindex', sqlc.arg(asked) WHERE search_config(sqlc.arg(was)::text) <> search_config(sqlc.arg(is_now)::text)
ON CONFLICT (user_id, kind) DO UPDATE SET asked = excluded.asked, after = excluded.after;

-- name: Chores :many
SELECT user_id, kind FROM chores ORDER BY asked;

-- name: ChoreAsked :one
SELECT asked FROM chores WHERE user_id = $1 AND kind = $2;

-- name: LockChore :one
-- No row: it is done, or somebody else is at it.
SELECT * FROM chores WHERE user_id = $1 AND kind = $2 FOR UPDATE SKIP LOCKED;

-- name: SetChorePlace :exec
UPDATE chores SET after = $3 WHERE user_id = $1 AND kind = $2;

-- name: EndChore :exec
DELETE FROM chores WHERE user_id = $1 AND kind = $2;

-- name: SearchAgain :one
-- The last of the items indexed anew; the zero id when none was left.
SELECT coalesce(media_search_again(sqlc.arg(owner_id), sqlc.arg(after), sqlc.arg(n)::int), '00000000-0000-0000-0000-000000000000')::uuid AS last;

-- name: LockTrashOf :many
SELECT id FROM media WHERE owner_id = sqlc.arg(owner_id) AND trashed_at <= sqlc.arg(asked)::timestamptz
 ORDER BY trashed_at, id LIMIT sqlc.arg(n) FOR UPDATE;

-- name: LockTrashedBefore :many
SELECT id FROM media WHERE trashed_at < sqlc.arg(before)::timestamptz ORDER BY trashed_at, id LIMIT sqlc.arg(n) FOR UPDATE;
