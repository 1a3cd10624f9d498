-- Reports of content and the cases that they make.

-- name: OpenReportCase :one
-- The open case about an item, locked.
SELECT * FROM report_cases WHERE media_id = sqlc.arg(media_id) AND closed_at IS NULL FOR UPDATE;

-- name: AddReportCase :one
INSERT INTO report_cases (id, media_id, owner_id, evidence, storage_key, opened_at, reported_at, hidden_at, withheld_before)
VALUES (sqlc.arg(id), sqlc.arg(media_id), sqlc.arg(owner_id), sqlc.arg(evidence), sqlc.arg(storage_key), sqlc.arg(now), sqlc.arg(now), NULL, NULL)
RETURNING *;

-- name: ReportAgain :exec
UPDATE report_cases SET reports = reports + 1, reported_at = sqlc.arg(now) WHERE id = sqlc.arg(id);

-- name: AddReport :exec
INSERT INTO reports (id, case_id, reason, message, email, reporter_kind, reporter_id, link_id, ip, created_at)
VALUES (sqlc.arg(id), sqlc.arg(case_id), sqlc.arg(reason), sqlc.arg(message), sqlc.arg(email), sqlc.arg(reporter_kind),
        sqlc.narg(reporter_id), (SELECT l.id FROM share_links l WHERE l.id = sqlc.narg(link_id)::uuid), sqlc.arg(ip), sqlc.arg(now));

-- name: ReportCases :many
-- The cases that are open or closed, the last one first, each with the reasons given.
SELECT sqlc.embed(c), coalesce(u.name, '') AS owner_name,
       (SELECT array_agg(DISTINCT r.reason) FROM reports r WHERE r.case_id = c.id)::text[] AS reasons,
       EXISTS (SELECT 1 FROM media m WHERE m.id = c.media_id) AS there
  FROM report_cases c LEFT JOIN users u ON u.id = c.owner_id
 WHERE (c.closed_at IS NOT NULL) = sqlc.arg(closed)::boolean AND c.id < sqlc.arg(before)
 ORDER BY c.id DESC LIMIT sqlc.arg(n);

-- name: CountOpenReportCases :one
SELECT count(*) FROM report_cases WHERE closed_at IS NULL;

-- name: ReportCaseByID :one
SELECT sqlc.embed(c), coalesce(u.name, '') AS owner_name, coalesce(u.email, '') AS owner_email, coalesce(b.name, '') AS closer_name,
       EXISTS (SELECT 1 FROM media m WHERE m.id = c.media_id) AS there,
       EXISTS (SELECT 1 FROM derivatives d WHERE d.media_id = c.media_id AND d.kind = 'preview') AS pictured
  FROM report_cases c LEFT JOIN users u ON u.id = c.owner_id LEFT JOIN users b ON b.id = c.closed_by
 WHERE c.id = sqlc.arg(id);

-- name: ReportsOfCase :many
SELECT sqlc.embed(r), coalesce(u.name, '') AS reporter_name, coalesce(u.email, '') AS reporter_email
  FROM reports r LEFT JOIN users u ON u.id = r.reporter_id
 WHERE r.case_id = sqlc.arg(case_id) ORDER BY r.id DESC LIMIT sqlc.arg(n);

-- name: LockReportCase :one
SELECT * FROM report_cases WHERE id = sqlc.arg(id) FOR UPDATE;

-- name: SetReportHidden :exec
UPDATE report_cases SET hidden_at = sqlc.narg(hidden_at), withheld_before = sqlc.narg(withheld_before) WHERE id = sqlc.arg(id);

-- name: SetMediaWithheld :exec
UPDATE media SET withheld = sqlc.narg(withheld), row_version = row_version + 1, updated_at = now() WHERE id = sqlc.arg(id);

-- name: CloseReportCase :exec
UPDATE report_cases SET closed_at = sqlc.arg(now)::timestamptz, closed_by = sqlc.narg(closed_by), outcome = sqlc.arg(outcome)::text,
       keep_until = sqlc.arg(keep_until)::timestamptz
 WHERE id = sqlc.arg(id);

-- name: ReportedPreview :one
SELECT d.storage_key, d.mime, d.bytes, d.version, d.created_at FROM report_cases c
  JOIN derivatives d ON d.media_id = c.media_id AND d.kind = 'preview'
 WHERE c.id = sqlc.arg(id);

-- name: DueReportCases :many
SELECT id, media_id FROM report_cases WHERE keep_until <= sqlc.arg(now)::timestamptz ORDER BY keep_until LIMIT sqlc.arg(n);

-- name: ForgetReportCase :one
-- Whoever lets an item go leaves the object of a case to this, so the item must
-- be locked. The object goes unless it is still an item's or another case's.
WITH gone AS (DELETE FROM report_cases c WHERE c.id = sqlc.arg(id) AND c.keep_until <= sqlc.arg(now)::timestamptz RETURNING c.id, c.storage_key),
     free AS (INSERT INTO pending_objects (storage_key, delete_at)
              SELECT g.storage_key, sqlc.arg(now)::timestamptz FROM gone g
               WHERE NOT EXISTS (SELECT 1 FROM media_files f WHERE f.storage_key = g.storage_key)
                 AND NOT EXISTS (SELECT 1 FROM report_cases o WHERE o.storage_key = g.storage_key AND o.id <> g.id)
              ON CONFLICT (storage_key) DO NOTHING)
SELECT count(*) FROM gone;

-- name: ActiveAdmins :many
SELECT * FROM users WHERE is_admin AND suspended_at IS NULL ORDER BY id;
