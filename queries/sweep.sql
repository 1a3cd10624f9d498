-- What the sweeper looks for. The rows are the truth, the queue is not.

-- name: ExpiredLeases :many
SELECT id FROM media WHERE status = 'processing' AND lease_until < now() AND crashes + 1 < sqlc.arg(max_crashes)::int
 ORDER BY lease_until LIMIT sqlc.arg(n);

-- name: FailCrashed :many
-- Gives up on items whose processing died too often, in a lease or after one.
UPDATE media SET status = 'failed', error_code = 'crashed', error = sqlc.arg(error), crashes = sqlc.arg(max_crashes)::int,
       lease_until = NULL, processed_at = coalesce(processed_at, now()), updated_at = now()
 WHERE (status = 'processing' AND lease_until < now() AND crashes + 1 >= sqlc.arg(max_crashes)::int)
    OR (status = 'pending' AND crashes >= sqlc.arg(max_crashes)::int)
RETURNING id, owner_id;

-- name: WaitingMedia :many
-- The oldest items that nobody has touched for a while.
SELECT id FROM media WHERE status = 'pending' AND updated_at < now() - make_interval(secs => sqlc.arg(idle_seconds))
 ORDER BY uploaded_at LIMIT sqlc.arg(n);

-- name: CountMediaByStatus :many
SELECT status, count(*) AS n FROM media GROUP BY status ORDER BY status;

-- name: TryAdvisoryLock :one
SELECT pg_try_advisory_xact_lock(sqlc.arg(key)) AS ok;

-- name: TrimSharingChanges :exec
-- Far more than app keeps counts for.
DELETE FROM sharing_changes WHERE at < now() - interval '1 hour';
