-- name: AddInvitation :exec
INSERT INTO invitations (id, email, inviter_id, album_id, role, message, language, token_hash, created_at, sent_at, expires_at)
VALUES (sqlc.arg(id), sqlc.arg(email), sqlc.arg(inviter_id), sqlc.narg(album_id), sqlc.narg(role), sqlc.arg(message), sqlc.arg(language),
        sqlc.arg(token_hash), sqlc.arg(now), sqlc.arg(now), sqlc.arg(expires_at));

-- name: AddInvitationGroup :exec
INSERT INTO invitation_groups (invitation_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: ReplaceInvitations :exec
-- A new invitation of the same address to the same album takes the place of the open one.
WITH old AS (
    UPDATE invitations SET revoked_at = sqlc.arg(now)::timestamptz
     WHERE email = sqlc.arg(email) AND album_id IS NOT DISTINCT FROM sqlc.narg(album_id)::uuid AND accepted_at IS NULL AND revoked_at IS NULL
    RETURNING id
) DELETE FROM mails m USING old WHERE m.invitation_id = old.id AND m.state IN ('queued', 'dead');

-- name: InvitationByToken :one
SELECT * FROM invitations WHERE token_hash = $1;

-- name: LockInvitationByToken :one
SELECT * FROM invitations WHERE token_hash = $1 FOR UPDATE;

-- name: LockInvitation :one
SELECT * FROM invitations WHERE id = $1 FOR UPDATE;

-- name: InvitationByID :one
SELECT * FROM invitations WHERE id = $1;

-- name: RenewInvitation :one
UPDATE invitations SET token_hash = sqlc.arg(token_hash), sent_at = sqlc.arg(now)::timestamptz, sends = sends + 1, expires_at = sqlc.arg(expires_at)
 WHERE id = sqlc.arg(id) RETURNING *;

-- name: RevokeInvitation :exec
UPDATE invitations SET revoked_at = sqlc.arg(now)::timestamptz WHERE id = sqlc.arg(id);

-- name: DropInvitationMails :exec
DELETE FROM mails WHERE invitation_id = sqlc.arg(id)::uuid AND state IN ('queued', 'dead');

-- name: AcceptInvitation :exec
UPDATE invitations SET accepted_at = sqlc.arg(now)::timestamptz, accepted_by = sqlc.arg(accepted_by)::uuid WHERE id = sqlc.arg(id);

-- name: OpenInvitations :many
-- Those that were neither accepted nor taken back, of one album or of the site;
-- expired ones too, for they can be sent again.
SELECT sqlc.embed(i), u.name AS inviter_name, coalesce(a.title, '')::text AS album_title,
       array(SELECT g.name FROM invitation_groups x JOIN groups g ON g.id = x.group_id WHERE x.invitation_id = i.id ORDER BY g.name)::text[] AS group_names
  FROM invitations i JOIN users u ON u.id = i.inviter_id LEFT JOIN albums a ON a.id = i.album_id
 WHERE i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.id < sqlc.arg(before)
   AND (sqlc.arg(everywhere)::bool OR i.album_id IS NOT DISTINCT FROM sqlc.narg(album_id)::uuid)
 ORDER BY i.id DESC LIMIT sqlc.arg(n);

-- name: InvitationGroups :many
SELECT group_id FROM invitation_groups WHERE invitation_id = $1 ORDER BY group_id;

-- name: GrantByInvitation :one
-- Never lowers what the person has already.
INSERT INTO album_grants (id, album_id, user_id, role, granted_by, granted_at)
VALUES (sqlc.arg(id), sqlc.arg(album_id), sqlc.arg(user_id)::uuid, sqlc.arg(role), sqlc.arg(granted_by)::uuid, sqlc.arg(now)::timestamptz)
ON CONFLICT (album_id, user_id) WHERE user_id IS NOT NULL DO UPDATE
   SET role = greatest(album_grants.role, excluded.role),
       granted_by = CASE WHEN excluded.role > album_grants.role THEN excluded.granted_by ELSE album_grants.granted_by END,
       granted_at = CASE WHEN excluded.role > album_grants.role THEN excluded.granted_at ELSE album_grants.granted_at END
RETURNING role;

-- name: JoinGroup :exec
INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: GroupsByID :many
SELECT id, name FROM groups WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- name: ForgetInvitations :execrows
DELETE FROM invitations WHERE coalesce(accepted_at, revoked_at, expires_at) < sqlc.arg(before)::timestamptz;

-- name: InvitationAlbum :one
SELECT a.* FROM albums a JOIN invitations i ON i.album_id = a.id WHERE i.id = $1;

-- name: AllGroupNames :many
SELECT id, name FROM groups ORDER BY lower(name), id;
