-- Processing of one item. Every write after the claim names the attempt, so
-- that a worker that lost its lease changes nothing.

-- name: ClaimMedia :one
-- Takes the lease. A lease that ran out counts as a crash of whoever held it.
UPDATE media SET status = 'processing', attempts = attempts + 1,
       crashes = crashes + (status = 'processing')::int,
       lease_until = now() + make_interval(secs => sqlc.arg(lease_seconds)), updated_at = now()
 WHERE id = sqlc.arg(id)
   AND (status = 'pending' OR (status = 'processing' AND lease_until < now()))
   AND crashes + (status = 'processing')::int < sqlc.arg(max_crashes)::int
RETURNING *;

-- name: ExtendLease :execrows
UPDATE media SET lease_until = now() + make_interval(secs => sqlc.arg(lease_seconds))
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND status = 'processing';

-- name: ReleaseMedia :execrows
-- Gives the item back; crashed adds to the count.
UPDATE media SET status = 'pending', lease_until = NULL, updated_at = now(),
       crashes = crashes + sqlc.arg(crashed)::int
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND status = 'processing';

-- name: LockClaimed :one
SELECT id FROM media
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND status = 'processing'
   FOR UPDATE;

-- name: FinishMedia :exec
-- Ends the attempt, ready or failed. What a person has edited stays.
UPDATE media SET
       status = sqlc.arg(status), error_code = sqlc.arg(error_code), error = sqlc.arg(error),
       damaged = sqlc.arg(damaged), crashes = 0, lease_until = NULL,
       processed_at = coalesce(processed_at, now()), updated_at = now(),
       width = sqlc.arg(width), height = sqlc.arg(height), duration_ms = sqlc.narg(duration_ms),
       animated = sqlc.arg(animated), thumbhash = sqlc.narg(thumbhash), phash = sqlc.narg(phash),
       title = CASE WHEN 'title' = ANY (edited) THEN title ELSE sqlc.arg(title) END,
       description = CASE WHEN 'description' = ANY (edited) THEN description ELSE sqlc.arg(description) END,
       taken_at = CASE WHEN sqlc.arg(dated)::boolean AND NOT edited && '{taken_at,taken_at_local}' THEN sqlc.arg(taken_at) ELSE taken_at END,
       taken_at_local = CASE WHEN sqlc.arg(dated)::boolean AND NOT edited && '{taken_at,taken_at_local}' THEN sqlc.arg(taken_at_local) ELSE taken_at_local END,
       taken_offset = CASE WHEN sqlc.arg(dated)::boolean AND NOT edited && '{taken_at,taken_at_local}' THEN sqlc.narg(taken_offset) ELSE taken_offset END,
       taken_at_source = CASE WHEN sqlc.arg(dated)::boolean AND NOT edited && '{taken_at,taken_at_local}' THEN sqlc.arg(taken_at_source) ELSE taken_at_source END,
       camera_make = sqlc.arg(camera_make), camera_model = sqlc.arg(camera_model), lens = sqlc.arg(lens),
       iso = sqlc.narg(iso), f_number = sqlc.narg(f_number), exposure_s = sqlc.narg(exposure_s),
       focal_mm = sqlc.narg(focal_mm), focal_35mm = sqlc.narg(focal_35mm),
       latitude = CASE WHEN edited && '{latitude,longitude}' THEN latitude ELSE sqlc.narg(latitude) END,
       longitude = CASE WHEN edited && '{latitude,longitude}' THEN longitude ELSE sqlc.narg(longitude) END,
       altitude_m = CASE WHEN edited && '{latitude,longitude}' THEN altitude_m ELSE sqlc.narg(altitude_m) END,
       rating = CASE WHEN 'rating' = ANY (edited) THEN rating ELSE sqlc.arg(rating) END
 WHERE id = sqlc.arg(id);

-- name: RetryMedia :execrows
UPDATE media SET status = 'pending', error_code = '', error = '', crashes = 0, lease_until = NULL, updated_at = now()
 WHERE id = $1 AND status = 'failed';

-- name: OriginalOf :one
SELECT * FROM media_files WHERE media_id = $1 AND role = 'original';

-- name: DiscardDerivative :exec
-- Hands the present object of a derivative to the sweeper; readers that just
-- opened it have until then.
INSERT INTO pending_objects (storage_key, delete_at)
SELECT storage_key, now() + make_interval(secs => sqlc.arg(keep_seconds)) FROM derivatives
 WHERE media_id = sqlc.arg(media_id) AND kind = sqlc.arg(kind);

-- name: PutDerivative :exec
INSERT INTO derivatives AS d (media_id, kind, version, storage_key, mime, width, height, bytes)
VALUES ($1, $2, 1, $3, $4, $5, $6, $7)
ON CONFLICT (media_id, kind) DO UPDATE SET version = d.version + 1, storage_key = excluded.storage_key,
       mime = excluded.mime, width = excluded.width, height = excluded.height, bytes = excluded.bytes, created_at = now();
