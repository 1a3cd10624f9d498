-- Deleting an account, step by step.

-- name: AddUserRemoval :exec
INSERT INTO user_removals (user_id, heir_id, asked_by, asked_at) VALUES (sqlc.arg(user_id), sqlc.narg(heir_id), sqlc.narg(asked_by), sqlc.arg(asked_at));

-- name: AddRemoveUser :exec
INSERT INTO chores (user_id, kind, asked) VALUES ($1, 'remove_user', $2);

-- name: UserRemoval :one
SELECT * FROM user_removals WHERE user_id = $1;

-- name: IsHeir :one
SELECT EXISTS (SELECT 1 FROM user_removals WHERE heir_id = sqlc.arg(id)::uuid);

-- name: LockAlbumsOf :many
SELECT id FROM albums WHERE owner_id = $1 ORDER BY id LIMIT sqlc.arg(n) FOR UPDATE;

-- name: LockVisibleAlbumsOf :many
SELECT id FROM albums WHERE owner_id = $1 AND trashed_at IS NULL ORDER BY id LIMIT sqlc.arg(n) FOR UPDATE;

-- name: TrashAlbums :exec
UPDATE albums SET trashed_at = sqlc.arg(now)::timestamptz, row_version = row_version + 1, updated_at = sqlc.arg(now) WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: GiveAlbums :exec
UPDATE albums SET owner_id = sqlc.arg(owner_id), row_version = row_version + 1, updated_at = sqlc.arg(now) WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: DropGrantsOfOn :exec
DELETE FROM album_grants WHERE user_id = sqlc.arg(user_id)::uuid AND album_id = ANY (sqlc.arg(ids)::uuid[]);

-- name: ForgetEmptyCounts :exec
-- Counters of what there was in albums.
DELETE FROM month_counts WHERE album_id = ANY (sqlc.arg(ids)::uuid[]) AND n = 0;

-- name: DeleteAlbums :exec
DELETE FROM albums WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: LockMediaOf :many
SELECT id, sha256, bytes FROM media WHERE owner_id = $1 ORDER BY id LIMIT sqlc.arg(n) FOR UPDATE;

-- name: LockMediaInAlbums :many
-- What others have in somebody's albums.
SELECT m.id FROM media m JOIN albums a ON a.id = m.album_id WHERE a.owner_id = sqlc.arg(owner_id) AND m.owner_id <> sqlc.arg(owner_id)
 LIMIT sqlc.arg(n) FOR UPDATE OF m;

-- name: TakeOutOfAlbums :exec
UPDATE media SET album_id = NULL, row_version = row_version + 1, updated_at = sqlc.arg(now) WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: SamePictures :many
-- Of the items those that the heir has as well, each with the heir's own.
SELECT m.id, h.id AS kept_id FROM media m JOIN media h ON h.owner_id = sqlc.arg(heir_id) AND h.sha256 = m.sha256
 WHERE m.id = ANY (sqlc.arg(ids)::uuid[]);

-- name: LockItems :exec
SELECT 1 FROM media WHERE id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY id FOR UPDATE;

-- name: KeepOneOfTwo :exec
-- What is kept takes over what only the other one has: texts, a place in an
-- album, being outside the trash. What was hidden by a report gives no album.
UPDATE media k SET
       title = CASE WHEN k.title = '' THEN m.title ELSE k.title END,
       description = CASE WHEN k.description = '' THEN m.description ELSE k.description END,
       rating = CASE WHEN k.rating = 0 THEN m.rating ELSE k.rating END,
       latitude = CASE WHEN k.latitude IS NULL THEN m.latitude ELSE k.latitude END,
       longitude = CASE WHEN k.latitude IS NULL THEN m.longitude ELSE k.longitude END,
       edited = ARRAY(SELECT DISTINCT unnest(k.edited || m.edited)),
       album_id = CASE WHEN k.album_id IS NULL AND k.withheld IS NULL AND m.withheld IS NULL AND m.trashed_at IS NULL THEN m.album_id ELSE k.album_id END,
       trashed_at = CASE WHEN m.trashed_at IS NULL THEN NULL ELSE k.trashed_at END,
       row_version = k.row_version + 1, updated_at = sqlc.arg(now)
  FROM media m WHERE m.id = sqlc.arg(id) AND k.id = sqlc.arg(kept_id);

-- name: KeepFavourites :exec
INSERT INTO favourites (user_id, media_id, created_at)
SELECT f.user_id, sqlc.arg(kept_id)::uuid, f.created_at FROM favourites f WHERE f.media_id = sqlc.arg(id)::uuid
ON CONFLICT DO NOTHING;

-- name: GiveMedia :exec
-- With the space that they take.
WITH given AS (
    UPDATE media SET owner_id = sqlc.arg(heir_id), row_version = row_version + 1, updated_at = sqlc.arg(now)
     WHERE id = ANY (sqlc.arg(ids)::uuid[]) RETURNING bytes
), used AS (SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM given)
UPDATE users u SET used_bytes = greatest(0, CASE WHEN u.id = sqlc.arg(heir_id)::uuid THEN u.used_bytes + used.bytes ELSE u.used_bytes - used.bytes END)
  FROM used WHERE u.id IN (sqlc.arg(heir_id)::uuid, sqlc.arg(owner_id)::uuid);

-- name: BytesToGive :one
-- What the heir would pay: all but what the heir has as well.
SELECT coalesce(sum(m.bytes), 0)::bigint FROM media m
 WHERE m.owner_id = sqlc.arg(owner_id)
   AND NOT EXISTS (SELECT 1 FROM media h WHERE h.owner_id = sqlc.arg(heir_id) AND h.sha256 = m.sha256);

-- name: OwnsAnything :one
SELECT (EXISTS (SELECT 1 FROM media m WHERE m.owner_id = sqlc.arg(id)) OR EXISTS (SELECT 1 FROM albums a WHERE a.owner_id = sqlc.arg(id)))::bool;

-- name: DeleteUser :exec
DELETE FROM users WHERE id = $1;
