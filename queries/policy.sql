-- The texts of policies, and who accepted them.

-- name: CurrentPolicy :one
SELECT * FROM policy_versions WHERE name = sqlc.arg(name) ORDER BY version DESC LIMIT 1;

-- name: PolicyVersions :many
-- Every version of one policy, the last one first.
SELECT sqlc.embed(p), coalesce(u.name, '') AS by_name
  FROM policy_versions p LEFT JOIN users u ON u.id = p.changed_by
 WHERE p.name = sqlc.arg(name) ORDER BY p.version DESC;

-- name: CurrentPolicies :many
SELECT DISTINCT ON (p.name) sqlc.embed(p), coalesce(u.name, '') AS by_name
  FROM policy_versions p LEFT JOIN users u ON u.id = p.changed_by
 ORDER BY p.name, p.version DESC;

-- name: AddPolicyVersion :exec
INSERT INTO policy_versions (name, version, body, note, ask, changed_by, changed_at)
VALUES (sqlc.arg(name), sqlc.arg(version), sqlc.narg(body), sqlc.arg(note), sqlc.arg(ask), sqlc.narg(changed_by), sqlc.arg(now));

-- name: TermsState :one
-- The version that counts (0: as shipped), and how often everybody was asked anew.
SELECT coalesce(max(version), 0)::integer AS version, (count(*) FILTER (WHERE ask))::integer AS rounds FROM policy_versions WHERE name = 'terms';

-- name: AcceptPolicy :exec
INSERT INTO policy_acceptances (user_id, name, version, accepted_at, ip)
VALUES (sqlc.arg(user_id), sqlc.arg(name), sqlc.arg(version), sqlc.arg(now), sqlc.arg(ip)) ON CONFLICT DO NOTHING;

-- name: SetPolicyRound :exec
UPDATE users SET policy_round = sqlc.arg(round) WHERE id = sqlc.arg(id);

-- name: LastAcceptance :one
SELECT * FROM policy_acceptances WHERE user_id = sqlc.arg(user_id) AND name = sqlc.arg(name) ORDER BY version DESC LIMIT 1;

-- name: CountAcceptances :many
SELECT version, count(*) FROM policy_acceptances WHERE name = sqlc.arg(name) GROUP BY version;

-- name: CountPeopleAndOwing :one
-- The accounts that can be used, and those of them whose people are to be asked.
SELECT count(*) AS people, (count(*) FILTER (WHERE policy_round < sqlc.arg(rounds)::integer)) AS owing
  FROM users WHERE suspended_at IS NULL AND email_verified_at IS NOT NULL;
