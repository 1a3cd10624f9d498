-- What administrators see of the accounts.

-- name: UserPage :many
-- By e-mail address. Of what is empty (or the zero id), no condition; with
-- before, the page that ends there, in the opposite order.
SELECT sqlc.embed(u), (r.user_id IS NOT NULL)::bool AS leaving
  FROM users u LEFT JOIN user_removals r ON r.user_id = u.id
 WHERE (sqlc.arg(q)::text = '' OR strpos(lower(u.email), lower(sqlc.arg(q)::text)) > 0 OR strpos(lower(u.name), lower(sqlc.arg(q)::text)) > 0)
   AND (sqlc.arg(role)::text = '' OR u.is_admin = (sqlc.arg(role)::text = 'admin'))
   AND (sqlc.arg(state)::text = '' OR CASE sqlc.arg(state)::text
        WHEN 'active' THEN u.suspended_at IS NULL
        WHEN 'suspended' THEN u.suspended_at IS NOT NULL AND r.user_id IS NULL
        WHEN 'leaving' THEN r.user_id IS NOT NULL ELSE false END)
   AND (sqlc.arg(group_id)::uuid = '00000000-0000-0000-0000-000000000000'
        OR EXISTS (SELECT 1 FROM group_members g WHERE g.group_id = sqlc.arg(group_id)::uuid AND g.user_id = u.id))
   AND (sqlc.arg(after)::text = '' OR lower(u.email) > sqlc.arg(after)::text)
   AND (sqlc.arg(before)::text = '' OR lower(u.email) < sqlc.arg(before)::text)
 ORDER BY CASE WHEN sqlc.arg(before)::text <> '' THEN lower(u.email) END DESC, lower(u.email)
 LIMIT sqlc.arg(n);

-- name: UserWithState :one
SELECT sqlc.embed(u), (r.user_id IS NOT NULL)::bool AS leaving, h.email AS heir_email
  FROM users u LEFT JOIN user_removals r ON r.user_id = u.id LEFT JOIN users h ON h.id = r.heir_id
 WHERE u.id = $1;

-- name: HoldingsOf :one
-- What somebody has, without a look at it.
SELECT (SELECT coalesce(sum(n), 0) FROM month_counts c WHERE c.owner_id = sqlc.arg(id))::bigint AS items,
       (SELECT count(*) FROM albums a WHERE a.owner_id = sqlc.arg(id))::bigint AS albums;

-- name: SetUserAdmin :exec
UPDATE users SET is_admin = sqlc.arg(is_admin), updated_at = now() WHERE id = sqlc.arg(id);

-- name: SetUserQuota :exec
UPDATE users SET quota_bytes = sqlc.narg(quota_bytes), updated_at = now() WHERE id = sqlc.arg(id);
