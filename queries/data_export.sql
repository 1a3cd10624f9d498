-- Copies of people's data.

-- name: AddDataExport :exec
INSERT INTO data_exports (id, user_id, asked_at) VALUES ($1, $2, $3);

-- name: DataExportOf :one
SELECT * FROM data_exports WHERE user_id = $1;

-- name: LockDataExportOf :one
SELECT * FROM data_exports WHERE user_id = $1 FOR UPDATE;

-- name: DataExportByToken :one
SELECT * FROM data_exports WHERE user_id = sqlc.arg(user_id) AND token_hash = sqlc.arg(token_hash)::bytea AND state = 'ready' AND expires_at > sqlc.arg(now)::timestamptz;

-- name: DeleteDataExport :execrows
DELETE FROM data_exports WHERE user_id = $1;

-- name: ClaimDataExport :one
-- The oldest that nobody is at: also one whose worker died.
UPDATE data_exports SET state = 'running', attempts = attempts + 1, lease_until = sqlc.arg(lease_until)::timestamptz, done = 0,
       total = (SELECT count(*) FROM media m WHERE m.owner_id = data_exports.user_id)
 WHERE id = (SELECT x.id FROM data_exports x WHERE x.state = 'waiting' OR x.state = 'running' AND x.lease_until < sqlc.arg(now)::timestamptz
              ORDER BY x.asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: KeepDataExport :execrows
-- Progress, and that its worker lives. No row: it is somebody else's by now.
UPDATE data_exports SET lease_until = sqlc.arg(lease_until)::timestamptz, done = sqlc.arg(done)
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'running';

-- name: FinishDataExport :execrows
UPDATE data_exports SET state = 'ready', lease_until = NULL, done = total, storage_key = sqlc.arg(storage_key)::text, bytes = sqlc.arg(bytes),
       token_hash = sqlc.arg(token_hash)::bytea, ended_at = sqlc.arg(now)::timestamptz, expires_at = sqlc.arg(expires_at)::timestamptz
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'running';

-- name: FailDataExport :execrows
UPDATE data_exports SET state = 'failed', lease_until = NULL, ended_at = sqlc.arg(now)::timestamptz, expires_at = sqlc.arg(expires_at)::timestamptz
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'running';

-- name: ReleaseDataExport :execrows
-- For another try, by whoever comes first.
UPDATE data_exports SET state = 'waiting', lease_until = NULL
 WHERE id = sqlc.arg(id) AND attempts = sqlc.arg(attempts) AND state = 'running';

-- name: DeleteExpiredDataExports :execrows
DELETE FROM data_exports WHERE expires_at <= sqlc.arg(now)::timestamptz;

-- name: ExportMedia :many
-- A person's items, in the order of their ids, as JSON.
SELECT m.id, m.taken_at, m.taken_at_local, m.title, m.filename, (to_jsonb(m) - 'owner_id' - 'lease_until' - 'attempts' - 'crashes')::jsonb AS data,
       EXISTS (SELECT 1 FROM favourites f WHERE f.media_id = m.id AND f.user_id = m.owner_id) AS favourite
  FROM media m WHERE m.owner_id = sqlc.arg(owner_id) AND m.id > sqlc.arg(after) ORDER BY m.id LIMIT sqlc.arg(n);

-- name: ExportFiles :many
SELECT f.media_id, f.role, f.storage_key, f.filename, f.mime, f.bytes FROM media_files f WHERE f.media_id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY f.media_id, f.role <> 'original', f.id;

-- name: ExportThumbs :many
SELECT d.media_id, d.storage_key, d.bytes FROM derivatives d WHERE d.media_id = ANY (sqlc.arg(ids)::uuid[]) AND d.kind = 'thumb';

-- name: ExportAccount :many
SELECT (to_jsonb(u) - 'password_hash' - 'avatar_key')::jsonb FROM users u WHERE u.id = sqlc.arg(user_id);

-- name: ExportAlbums :many
SELECT (to_jsonb(a) || jsonb_build_object('category', c.name))::jsonb FROM albums a LEFT JOIN categories c ON c.id = a.category_id
 WHERE a.owner_id = sqlc.arg(user_id) ORDER BY a.id;

-- name: ExportMemberships :many
SELECT jsonb_build_object('album_id', a.id, 'album', a.title, 'role', g.role, 'granted_at', g.granted_at)::jsonb
  FROM album_grants g JOIN albums a ON a.id = g.album_id WHERE g.user_id = sqlc.arg(user_id)::uuid ORDER BY a.id;

-- name: ExportGroups :many
SELECT jsonb_build_object('id', g.id, 'name', g.name)::jsonb FROM group_members m JOIN groups g ON g.id = m.group_id
 WHERE m.user_id = sqlc.arg(user_id) ORDER BY g.id;

-- name: ExportTokens :many
SELECT (to_jsonb(t) - 'token_hash' - 'user_id')::jsonb FROM api_tokens t WHERE t.user_id = sqlc.arg(user_id) ORDER BY t.id;

-- name: ExportSessions :many
SELECT jsonb_build_object('ip', s.ip, 'user_agent', s.user_agent, 'remembered', s.remembered, 'way', s.way, 'created_at', s.created_at, 'last_seen_at', s.last_seen_at)::jsonb
  FROM sessions s WHERE s.user_id = sqlc.arg(user_id)::uuid ORDER BY s.created_at;

-- name: ExportInvitations :many
-- That the person sent, and those to the person's address.
SELECT (to_jsonb(i) - 'token_hash')::jsonb FROM invitations i
 WHERE i.inviter_id = sqlc.arg(user_id) OR i.accepted_by = sqlc.arg(user_id)::uuid OR lower(i.email) = lower(sqlc.arg(email)::text) ORDER BY i.id;

-- name: ExportContactMessages :many
-- What the person wrote to the administrators. Of a message that somebody wrote
-- without signing in and with the person's address, that there is one.
SELECT CASE WHEN m.user_id IS NULL THEN jsonb_build_object('at', m.created_at, 'email', m.email)
            ELSE jsonb_build_object('at', m.created_at, 'email', m.email, 'name', m.name, 'message', m.message, 'ip', m.ip, 'answered_at', m.answered_at) END::jsonb AS data
  FROM contact_messages m
 WHERE m.user_id = sqlc.arg(user_id)::uuid OR m.user_id IS NULL AND lower(m.email) = lower(sqlc.arg(email)::text) ORDER BY m.id;

-- name: ExportLinks :many
SELECT (to_jsonb(l) - 'token_hash' - 'password_hash' - 'nonce')::jsonb FROM share_links l WHERE l.created_by = sqlc.arg(user_id) ORDER BY l.id;

-- name: ExportMails :many
SELECT jsonb_build_object('recipient', m.recipient, 'template', m.template, 'state', m.state, 'created_at', m.created_at, 'ended_at', m.ended_at)::jsonb
  FROM mails m WHERE m.user_id = sqlc.arg(user_id)::uuid ORDER BY m.id;

-- name: ExportFavourites :many
SELECT f.media_id, jsonb_build_object('media_id', f.media_id, 'created_at', f.created_at)::jsonb AS data FROM favourites f
 WHERE f.user_id = sqlc.arg(user_id) AND f.media_id > sqlc.arg(after) ORDER BY f.media_id LIMIT sqlc.arg(n);

-- name: ExportActivity :many
-- What the person did and what concerned the person. Of what others did, where
-- from is theirs.
SELECT a.id, (jsonb_build_object('at', a.at, 'action', a.action, 'object_kind', a.object_kind, 'object_id', a.object_id, 'by_you', a.actor_id IS NOT DISTINCT FROM sqlc.arg(user_id)::uuid,
       'detail', a.detail) || CASE WHEN a.actor_id = sqlc.arg(user_id)::uuid THEN jsonb_build_object('ip', a.ip) ELSE '{}' END)::jsonb AS data
  FROM audit_log a
 WHERE (a.actor_id = sqlc.arg(user_id)::uuid OR a.subject_id = sqlc.arg(user_id)::uuid) AND a.id > sqlc.arg(after)::bigint ORDER BY a.id LIMIT sqlc.arg(n);

-- name: ExportEdits :many
-- What was edited of items, oldest first; of what others did, not who.
SELECT i.media_id, jsonb_agg(jsonb_build_object('at', o.created_at, 'kind', o.kind, 'field', i.field, 'before', i.before, 'after', i.after,
       'undone_at', o.undone_at, 'by_you', o.user_id = sqlc.arg(user_id)::uuid) ORDER BY o.created_at, i.operation_id, i.field)::jsonb AS edits
  FROM operation_items i JOIN operations o ON o.id = i.operation_id WHERE i.media_id = ANY (sqlc.arg(ids)::uuid[]) GROUP BY i.media_id;

-- name: ExportEditsElsewhere :many
-- What the person edited of other people's items.
SELECT i.operation_id, i.media_id, i.field, jsonb_build_object('at', o.created_at, 'kind', o.kind, 'media_id', i.media_id, 'field', i.field,
       'before', i.before, 'after', i.after, 'undone_at', o.undone_at)::jsonb AS data
  FROM operations o JOIN operation_items i ON i.operation_id = o.id JOIN media m ON m.id = i.media_id
 WHERE o.user_id = sqlc.arg(user_id) AND m.owner_id <> sqlc.arg(user_id)
   AND (i.operation_id, i.media_id, i.field) > (sqlc.arg(operation_id)::uuid, sqlc.arg(media_id)::uuid, sqlc.arg(field)::text)
 ORDER BY i.operation_id, i.media_id, i.field LIMIT sqlc.arg(n);

-- name: ExportFactors :many
-- How the person signs in beside the password: since when, no secrets.
SELECT jsonb_build_object('kind', 'authenticator_app', 'created_at', t.created_at, 'confirmed_at', t.confirmed_at,
       'recovery_codes_left', (SELECT count(*) FROM recovery_codes r WHERE r.user_id = t.user_id))::jsonb AS data
  FROM totp t WHERE t.user_id = sqlc.arg(user_id)
UNION ALL
SELECT jsonb_build_object('kind', 'identity', 'issuer', i.issuer, 'email', i.email, 'created_at', i.created_at, 'last_used_at', i.last_used_at)::jsonb
  FROM identities i WHERE i.user_id = sqlc.arg(user_id)
UNION ALL
SELECT jsonb_build_object('kind', 'passkey', 'name', p.name, 'created_at', p.created_at, 'last_used_at', p.last_used_at)::jsonb
  FROM passkeys p WHERE p.user_id = sqlc.arg(user_id);

-- name: ExportAcceptances :many
SELECT (to_jsonb(p) - 'user_id')::jsonb FROM policy_acceptances p WHERE p.user_id = sqlc.arg(user_id) ORDER BY p.accepted_at, p.name;

-- name: ExportReports :many
-- That the person made. Of one that somebody made without signing in and with
-- the person's address, that there is one: anybody may have written it.
SELECT CASE WHEN r.reporter_id IS NULL THEN jsonb_build_object('at', r.created_at, 'reason', r.reason, 'email', r.email)
            ELSE jsonb_build_object('at', r.created_at, 'reason', r.reason, 'email', r.email, 'message', r.message, 'ip', r.ip) END::jsonb AS data
  FROM reports r
 WHERE r.reporter_id = sqlc.arg(user_id)::uuid OR r.reporter_id IS NULL AND r.email <> '' AND lower(r.email) = lower(sqlc.arg(email)::text)
 ORDER BY r.created_at, r.id;
