-- name: InsertGuestUpload :exec
INSERT INTO guest_uploads (id, album_id, link_id, media_id, guest_name, guest_hash, filename, sent_at, approved_at)
VALUES ($1, $2, $3, sqlc.narg(media_id), $4, $5, $6, $7, sqlc.narg(approved_at));

-- name: GuestUploadsOf :many
-- What one browser has sent through a link, newest first; what was rejected is left out.
SELECT g.filename, g.sent_at, (g.approved_at IS NOT NULL)::boolean AS approved
  FROM guest_uploads g LEFT JOIN media m ON m.id = g.media_id
 WHERE g.link_id = sqlc.arg(link_id)::uuid AND g.guest_hash = sqlc.arg(guest_hash)
   AND (g.approved_at IS NOT NULL OR g.media_id IS NULL OR m.withheld = 'guest' AND m.trashed_at IS NULL)
 ORDER BY g.sent_at DESC, g.id DESC
 LIMIT 200;

-- name: CountPendingGuestMedia :one
SELECT count(*) FROM media WHERE album_id = sqlc.arg(album_id)::uuid AND withheld = 'guest' AND trashed_at IS NULL;

-- name: PendingGuestMedia :many
-- The moderation queue, oldest first.
SELECT sqlc.embed(m), coalesce(g.guest_name, '')::text AS guest_name, coalesce(l.name, '')::text AS link_name,
       coalesce((SELECT d.version FROM derivatives d WHERE d.media_id = m.id AND d.kind = 'thumb'), 0)::int AS thumb_version
  FROM media m
  LEFT JOIN LATERAL (SELECT u.guest_name, u.link_id FROM guest_uploads u WHERE u.media_id = m.id ORDER BY u.sent_at, u.id LIMIT 1) g ON true
  LEFT JOIN share_links l ON l.id = g.link_id
 WHERE m.album_id = sqlc.arg(album_id)::uuid AND m.withheld = 'guest' AND m.trashed_at IS NULL
   AND (m.uploaded_at, m.id) > (sqlc.arg(after)::timestamptz, sqlc.arg(after_id)::uuid)
 ORDER BY m.uploaded_at, m.id
 LIMIT sqlc.arg(n);

-- name: LockPendingGuestMedia :many
-- Those of the wanted items that wait in the album; with no ids all that had come until then.
SELECT id, owner_id, filename FROM media
 WHERE album_id = sqlc.arg(album_id)::uuid AND withheld = 'guest' AND trashed_at IS NULL
   AND (id = ANY (sqlc.arg(ids)::uuid[]) OR sqlc.arg(everything)::boolean AND uploaded_at <= sqlc.arg(until)::timestamptz)
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: ApproveGuestMedia :exec
UPDATE media SET withheld = NULL, row_version = row_version + 1, updated_at = sqlc.arg(now)::timestamptz
 WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: NoteGuestApproval :exec
UPDATE guest_uploads SET approved_at = sqlc.arg(now)::timestamptz WHERE media_id = ANY (sqlc.arg(ids)::uuid[]) AND approved_at IS NULL;

-- name: RejectGuestMedia :exec
-- Out of the album, into its owner's trash.
UPDATE media SET withheld = NULL, album_id = NULL, trashed_at = sqlc.arg(now)::timestamptz, row_version = row_version + 1,
       updated_at = sqlc.arg(now)::timestamptz
 WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: NoteGuestMail :execrows
-- Notes that the album's admins are mailed now, unless they were since then.
UPDATE share_links l SET guests_mailed_at = sqlc.arg(now)::timestamptz
 WHERE l.id = sqlc.arg(id) AND NOT EXISTS (SELECT 1 FROM share_links o WHERE o.album_id = l.album_id AND o.guests_mailed_at > sqlc.arg(before)::timestamptz);

-- name: GuestModerators :many
-- Who may approve what guests send.
SELECT sqlc.embed(u), a.title FROM album_access x JOIN users u ON u.id = x.subject_id JOIN albums a ON a.id = x.album_id
 WHERE x.album_id = $1 AND x.role >= 'admin' AND u.suspended_at IS NULL
 ORDER BY u.id;
