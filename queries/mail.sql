-- name: AddMail :exec
INSERT INTO mails (id, recipient, user_id, by_id, album_id, invitation_id, template, language, data, priority, next_at, created_at)
VALUES (sqlc.arg(id), sqlc.arg(recipient), sqlc.narg(user_id), sqlc.narg(by_id), sqlc.narg(album_id), sqlc.narg(invitation_id), sqlc.arg(template), sqlc.arg(language),
        sqlc.arg(data), sqlc.arg(priority), sqlc.arg(now), sqlc.arg(now));

-- name: ClaimMail :one
-- Takes the lease of the mail that is due first. Whatever is written later names
-- the attempt, so that who lost the lease changes nothing.
UPDATE mails SET state = 'sending', attempts = attempts + 1, lease_until = sqlc.arg(until)::timestamptz
 WHERE id = (SELECT m.id FROM mails m WHERE m.state = 'queued' AND m.next_at <= sqlc.arg(now)::timestamptz
              ORDER BY m.priority, m.next_at, m.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: MailSent :execrows
UPDATE mails SET state = 'sent', data = NULL, lease_until = NULL, error_code = '', error = '', ended_at = sqlc.arg(now)::timestamptz
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'sending';

-- name: MailDead :execrows
UPDATE mails SET state = 'dead', lease_until = NULL, error_code = sqlc.arg(error_code), error = sqlc.arg(error), ended_at = sqlc.arg(now)::timestamptz
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'sending';

-- name: MailAgain :execrows
UPDATE mails SET state = 'queued', lease_until = NULL, error_code = sqlc.arg(error_code), error = sqlc.arg(error), next_at = sqlc.arg(next_at)
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'sending';

-- name: ReviveMails :execrows
-- Whoever was sending these died. Whether they left is unknown: once they are
-- sent again, under the same Message-ID, twice they are given up.
UPDATE mails SET state = CASE WHEN deaths >= 1 THEN 'dead'::mail_state ELSE 'queued'::mail_state END,
       ended_at = CASE WHEN deaths >= 1 THEN sqlc.arg(now)::timestamptz END,
       deaths = deaths + 1, lease_until = NULL, next_at = sqlc.arg(now)::timestamptz, error_code = 'interrupted', error = ''
 WHERE state = 'sending' AND lease_until < sqlc.arg(now)::timestamptz;

-- name: WipeMails :execrows
UPDATE mails SET data = NULL WHERE state = 'dead' AND data IS NOT NULL AND ended_at < sqlc.arg(before)::timestamptz;

-- name: ForgetMails :execrows
DELETE FROM mails WHERE ended_at < sqlc.arg(before)::timestamptz;

-- name: Mails :many
SELECT m.id, m.recipient, m.template, m.state, m.attempts, m.next_at, m.error_code, m.error, m.created_at, m.ended_at,
       (m.data IS NOT NULL)::bool AS complete FROM mails m
 WHERE (sqlc.narg(state)::mail_state IS NULL OR m.state = sqlc.narg(state)::mail_state) AND m.id < sqlc.arg(before)
 ORDER BY m.id DESC LIMIT sqlc.arg(n);

-- name: MailCounts :many
SELECT state, count(*) AS n FROM mails GROUP BY state;

-- name: RetryMail :exec
UPDATE mails SET state = 'queued', attempts = 0, deaths = 0, ended_at = NULL, next_at = sqlc.arg(now)
 WHERE id = sqlc.arg(id) AND state = 'dead' AND data IS NOT NULL;

-- name: MailForUpdate :one
SELECT * FROM mails WHERE id = $1 FOR UPDATE;

-- name: DeleteMail :exec
DELETE FROM mails WHERE id = $1;

-- name: MailText :one
-- The version that counts; without texts when the built-in ones do.
SELECT * FROM mail_texts WHERE template = $1 AND language = $2 ORDER BY version DESC LIMIT 1;

-- name: MailTexts :many
SELECT sqlc.embed(t), coalesce(u.name, '')::text AS name FROM mail_texts t LEFT JOIN users u ON u.id = t.changed_by
 WHERE t.template = $1 AND t.language = $2 ORDER BY t.version DESC LIMIT 50;

-- name: ChangedMailTexts :many
SELECT DISTINCT ON (template, language) * FROM mail_texts ORDER BY template, language, version DESC;

-- name: AddMailText :exec
-- The version that somebody else added meanwhile makes this a conflict.
INSERT INTO mail_texts (template, language, version, subject, body, changed_by, changed_at)
VALUES (sqlc.arg(template), sqlc.arg(language), sqlc.arg(version), sqlc.narg(subject), sqlc.narg(body), sqlc.narg(changed_by), sqlc.arg(now));

-- name: MailCover :one
-- The thumbnail of an album's cover, or of its newest photo, as far as the person may see it.
SELECT d.storage_key, d.mime, d.bytes FROM media m
  JOIN albums a ON a.id = m.album_id
  JOIN derivatives d ON d.media_id = m.id AND d.kind = 'thumb'
 WHERE m.album_id = sqlc.arg(album_id)::uuid AND m.listed AND m.withheld IS NULL
   AND EXISTS (SELECT 1 FROM media_access x WHERE x.media_id = m.id AND x.subject_id = sqlc.arg(by_id)::uuid)
 ORDER BY (m.id = a.cover_id) IS TRUE DESC, m.taken_at_local DESC, m.id DESC LIMIT 1;
