-- name: SiteSettings :one
SELECT * FROM site_settings;

-- name: LockSiteSettings :exec
-- Until the transaction ends, nobody else changes them.
SELECT pg_advisory_xact_lock(7343);

-- name: SetSiteSettings :exec
INSERT INTO site_settings (settings, updated_by, updated_at) VALUES (sqlc.arg(settings), sqlc.narg(updated_by), sqlc.arg(now))
ON CONFLICT (single) DO UPDATE SET settings = excluded.settings, updated_by = excluded.updated_by, updated_at = excluded.updated_at;
