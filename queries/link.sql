-- name: InsertLink :one
INSERT INTO share_links (id, album_id, created_by, name, nonce, token_hash, password_hash, expires_at, allow_download, strip_metadata,
                         allow_upload, max_upload_bytes, max_uploads, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, sqlc.narg(expires_at), $8, $9, $10, $11, $12, sqlc.arg(now))
RETURNING *;

-- name: CountLinks :one
-- Those that work or could work again, for the limit on them.
SELECT count(*) FROM share_links WHERE album_id = $1 AND revoked_at IS NULL;

-- name: AlbumLinks :many
-- First those that are not revoked, newest first.
SELECT sqlc.embed(l), u.name AS creator
  FROM share_links l JOIN users u ON u.id = l.created_by
 WHERE l.album_id = $1
 ORDER BY l.revoked_at IS NOT NULL, l.created_at DESC, l.id DESC
 LIMIT 200;

-- name: AlbumLink :one
SELECT sqlc.embed(l), u.name AS creator
  FROM share_links l JOIN users u ON u.id = l.created_by
 WHERE l.album_id = $1 AND l.id = $2;

-- name: LinkByID :one
SELECT * FROM share_links WHERE id = $1;

-- name: LockLink :one
SELECT * FROM share_links WHERE id = $1 FOR NO KEY UPDATE;

-- name: UpdateLink :one
UPDATE share_links SET name = sqlc.arg(name), password_hash = sqlc.arg(password_hash), version = sqlc.arg(version),
       expires_at = sqlc.narg(expires_at), allow_download = sqlc.arg(allow_download), strip_metadata = sqlc.arg(strip_metadata),
       allow_upload = sqlc.arg(allow_upload), max_upload_bytes = sqlc.arg(max_upload_bytes), max_uploads = sqlc.arg(max_uploads)
 WHERE id = sqlc.arg(id)
RETURNING *;

-- name: RotateLink :one
UPDATE share_links SET nonce = sqlc.arg(nonce), token_hash = sqlc.arg(token_hash), version = version + 1
 WHERE id = sqlc.arg(id)
RETURNING *;

-- name: RevokeLink :exec
UPDATE share_links SET revoked_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id);

-- name: LinkByToken :one
SELECT sqlc.embed(l), a.trashed_at AS album_trashed_at
  FROM share_links l JOIN albums a ON a.id = l.album_id
 WHERE l.token_hash = $1;

-- name: CountLinkView :exec
UPDATE share_links SET views = views + 1, last_used_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id);

-- name: TouchLink :exec
UPDATE share_links SET last_used_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id);

-- name: CountLinkUpload :exec
UPDATE share_links SET uploads = uploads + 1, uploaded_bytes = uploaded_bytes + sqlc.arg(bytes)::bigint,
       last_used_at = sqlc.arg(now)::timestamptz
 WHERE id = sqlc.arg(id);
