-- name: CreateGroup :one
INSERT INTO groups (id, name) VALUES ($1, $2) RETURNING *;

-- name: GroupByID :one
SELECT * FROM groups WHERE id = $1;

-- name: LockGroup :one
SELECT * FROM groups WHERE id = $1 FOR UPDATE;

-- name: ListGroups :many
SELECT sqlc.embed(g), (SELECT count(*) FROM group_members m WHERE m.group_id = g.id)::bigint AS members,
       (SELECT count(*) FROM album_grants a WHERE a.group_id = g.id)::bigint AS albums
  FROM groups g ORDER BY lower(g.name);

-- name: GroupsOf :many
SELECT g.* FROM groups g JOIN group_members m ON m.group_id = g.id WHERE m.user_id = $1 ORDER BY lower(g.name);

-- name: GroupMembers :many
SELECT u.* FROM users u JOIN group_members m ON m.user_id = u.id
 WHERE m.group_id = $1 AND lower(u.email) > sqlc.arg(after)::text ORDER BY lower(u.email) LIMIT sqlc.arg(n);

-- name: CountGroupMembers :one
SELECT count(*) FROM group_members WHERE group_id = $1;

-- name: RenameGroup :exec
UPDATE groups SET name = $2 WHERE id = $1;

-- name: DeleteGroup :exec
DELETE FROM groups WHERE id = $1;

-- name: AddGroupMember :execrows
INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: RemoveGroupMember :execrows
DELETE FROM group_members WHERE group_id = $1 AND user_id = $2;

-- name: SuggestUsers :many
-- For pickers.
SELECT email, name FROM users ORDER BY lower(email) LIMIT sqlc.arg(n);
