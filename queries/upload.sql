-- name: InsertUpload :one
INSERT INTO uploads (id, owner_id, album_id, filename, modified, bytes, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *;

-- name: UnfinishedUploads :one
SELECT count(*) AS n, coalesce(sum(received), 0)::bigint AS received FROM uploads WHERE owner_id = $1 AND outcome IS NULL;

-- name: UploadOf :one
SELECT * FROM uploads WHERE id = $1 AND owner_id = $2 AND expires_at > sqlc.arg(now);

-- name: TakeUpload :execrows
UPDATE uploads SET writer = $3 WHERE id = $1 AND owner_id = $2 AND expires_at > sqlc.arg(now);

-- name: AdvanceUpload :execrows
UPDATE uploads SET received = received + sqlc.arg(bytes)::bigint, sha256_state = sqlc.arg(sha256_state), expires_at = sqlc.arg(expires_at)
 WHERE id = sqlc.arg(id) AND writer = sqlc.arg(writer)::uuid AND received = sqlc.arg(at) AND outcome IS NULL;

-- name: InsertUploadPart :exec
INSERT INTO upload_parts (upload_id, at, bytes, storage_key) VALUES ($1, $2, $3, $4);

-- name: UploadParts :many
SELECT * FROM upload_parts WHERE upload_id = $1 ORDER BY at;

-- name: StartJoining :execrows
-- The lease goes by the database's clock, which all hosts share.
UPDATE uploads SET joining_until = now() + interval '30 seconds'
 WHERE id = $1 AND outcome IS NULL AND received = bytes AND (joining_until IS NULL OR joining_until < now());

-- name: ExtendJoining :exec
UPDATE uploads SET joining_until = now() + interval '30 seconds' WHERE id = $1 AND joining_until IS NOT NULL;

-- name: StopJoining :exec
UPDATE uploads SET joining_until = NULL WHERE id = $1;

-- name: FinishUpload :execrows
UPDATE uploads SET outcome = $2, media_id = $3, joining_until = NULL, expires_at = $4 WHERE id = $1 AND outcome IS NULL;

-- name: DeleteUploadParts :many
-- A trigger hands their objects to the sweeper.
DELETE FROM upload_parts WHERE upload_id = $1 RETURNING storage_key;

-- name: DeleteUploadPartsOf :many
DELETE FROM upload_parts p USING uploads u WHERE u.id = p.upload_id AND u.id = $1 AND u.owner_id = $2 RETURNING p.storage_key;

-- name: DeleteUpload :execrows
DELETE FROM uploads WHERE id = $1 AND owner_id = $2;

-- name: DeleteExpiredUploads :execrows
DELETE FROM uploads WHERE expires_at <= sqlc.arg(now) AND (joining_until IS NULL OR joining_until < now());

-- name: UnjoinedUploads :many
SELECT id, owner_id FROM uploads
 WHERE outcome IS NULL AND received = bytes AND (joining_until IS NULL OR joining_until < now()) AND expires_at > sqlc.arg(now)
 ORDER BY id LIMIT sqlc.arg(n);
