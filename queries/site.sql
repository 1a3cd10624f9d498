-- name: CamerasOf :many
-- A loose index scan over media_camera_idx: one step per model, however many items there are.
WITH RECURSIVE models AS (
    (SELECT m.camera_model, m.camera_make FROM media m WHERE m.owner_id = sqlc.arg(owner) AND m.listed AND m.camera_model <> ''
      ORDER BY m.camera_model LIMIT 1)
    UNION ALL
    SELECT n.camera_model, n.camera_make FROM models, LATERAL (
        SELECT m.camera_model, m.camera_make FROM media m
         WHERE m.owner_id = sqlc.arg(owner) AND m.listed AND m.camera_model <> '' AND m.camera_model > models.camera_model
         ORDER BY m.camera_model LIMIT 1) n
)
SELECT camera_make, camera_model FROM models LIMIT 200;

-- name: SiteCounts :one
SELECT (SELECT count(*) FROM users)::bigint AS users,
       (SELECT coalesce(sum(n), 0) FROM month_counts)::bigint AS items,
       (SELECT coalesce(sum(used_bytes), 0) FROM users)::bigint AS bytes,
       (SELECT count(*) FROM media WHERE status IN ('pending', 'processing'))::bigint AS unfinished,
       (SELECT count(*) FROM media WHERE status = 'failed')::bigint AS failed;

-- name: FailedItems :many
SELECT m.id, m.owner_id, u.email AS owner_email, m.filename, m.error_code, m.attempts, m.updated_at
  FROM media m JOIN users u ON u.id = m.owner_id
 WHERE m.status = 'failed' ORDER BY m.updated_at DESC, m.id DESC LIMIT sqlc.arg(n);

-- name: FailedIDs :many
SELECT id FROM media WHERE status = 'failed' AND id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(n);
