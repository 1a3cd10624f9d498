-- name: AddAudit :exec
INSERT INTO audit_log (at, actor_id, actor_kind, action, object_kind, object_id, subject_id, ip, request_id, detail, salt, commitment)
VALUES (sqlc.arg(at), sqlc.narg(actor_id), sqlc.arg(actor_kind), sqlc.arg(action), sqlc.arg(object_kind), sqlc.narg(object_id),
        sqlc.narg(subject_id), sqlc.arg(ip), sqlc.arg(request_id), sqlc.arg(detail), sqlc.arg(salt), sqlc.arg(commitment));

-- name: TryLockAudit :one
-- One process at a time seals or trims.
SELECT pg_try_advisory_xact_lock(sqlc.arg(key)) AS locked;

-- name: LockAudit :exec
SELECT pg_advisory_xact_lock(sqlc.arg(key));

-- name: AuditCheckpoints :many
SELECT * FROM audit_checkpoints;

-- name: SetAuditCheckpoint :exec
INSERT INTO audit_checkpoints (kind, seq, hash, at, signature) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (kind) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at, signature = excluded.signature;

-- name: LastSealed :one
SELECT * FROM audit_log WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;

-- name: UnsealedAudit :many
SELECT id, commitment FROM audit_log WHERE seq IS NULL ORDER BY id LIMIT sqlc.arg(n);

-- name: SealAudit :execrows
UPDATE audit_log a SET seq = x.seq, hash = x.hash
  FROM (SELECT unnest(sqlc.arg(ids)::bigint[]) AS id, unnest(sqlc.arg(seqs)::bigint[]) AS seq, unnest(sqlc.arg(hashes)::bytea[]) AS hash) x
 WHERE a.id = x.id AND a.seq IS NULL;

-- name: AuditChain :many
-- The next entries of the chain.
SELECT * FROM audit_log WHERE seq > sqlc.arg(after)::bigint ORDER BY seq LIMIT sqlc.arg(n);

-- name: AuditUnchained :many
-- The next entries that are not sealed yet.
SELECT * FROM audit_log WHERE seq IS NULL AND id > sqlc.arg(after)::bigint ORDER BY id LIMIT sqlc.arg(n);

-- name: RemoveAudit :execrows
DELETE FROM audit_log WHERE seq <= sqlc.arg(up_to)::bigint;

-- name: AuditErasures :many
SELECT * FROM audit_log WHERE action = 'audit.erase' ORDER BY id;

-- name: EraseAudit :many
-- Entries of and about a person, and those that tell one of their addresses. An
-- id that nothing else knows takes the place of the person's. The entry that
-- tells of an erasure holds nothing to erase.
WITH found AS (
    SELECT a.id, (a.actor_id IS NOT DISTINCT FROM sqlc.arg(user_id)::uuid OR a.subject_id IS NOT DISTINCT FROM sqlc.arg(user_id)::uuid
                  OR a.object_id IS NOT DISTINCT FROM sqlc.arg(user_id)::uuid)::bool AS theirs
      FROM audit_log a
     WHERE a.action <> 'audit.erase' AND octet_length(a.salt) > 0
       AND (a.actor_id = sqlc.arg(user_id)::uuid OR a.subject_id = sqlc.arg(user_id)::uuid OR a.object_id = sqlc.arg(user_id)::uuid
            OR EXISTS (SELECT 1 FROM jsonb_path_query(a.detail, 'strict $.**') v
                        WHERE jsonb_typeof(v) = 'string' AND lower(v #>> '{}') = ANY (sqlc.arg(emails)::text[])))
)
UPDATE audit_log a SET detail = '{}', salt = '', ip = '', request_id = '',
       actor_id = CASE WHEN a.actor_id = sqlc.arg(user_id)::uuid THEN sqlc.arg(nobody)::uuid ELSE a.actor_id END,
       subject_id = CASE WHEN a.subject_id = sqlc.arg(user_id)::uuid THEN sqlc.arg(nobody)::uuid ELSE a.subject_id END,
       object_id = CASE WHEN a.object_id = sqlc.arg(user_id)::uuid THEN sqlc.arg(nobody)::uuid END
  FROM found WHERE found.id = a.id
RETURNING a.id, found.theirs;

-- name: PlanForValues :exec
-- The next statements of this transaction are planned for the values that they
-- have, not for any.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: AuditPage :many
-- Entries that fit, newest first. words is a tsquery.
SELECT sqlc.embed(a), coalesce(u.name, '')::text AS actor_name, coalesce(s.name, '')::text AS subject_name
  FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id LEFT JOIN users s ON s.id = a.subject_id
 WHERE (sqlc.narg(people)::uuid[] IS NULL OR a.actor_id = ANY (sqlc.narg(people)::uuid[]) OR a.subject_id = ANY (sqlc.narg(people)::uuid[]))
   AND (sqlc.narg(action)::text IS NULL OR a.action = sqlc.narg(action)::text OR starts_with(a.action, sqlc.narg(action)::text || '.'))
   AND (sqlc.narg(object_kind)::text IS NULL OR a.object_kind = sqlc.narg(object_kind)::text)
   AND (sqlc.narg(object_id)::uuid IS NULL OR a.object_id = sqlc.narg(object_id)::uuid)
   AND (sqlc.narg(since)::timestamptz IS NULL OR a.at >= sqlc.narg(since)::timestamptz)
   AND (sqlc.narg(until)::timestamptz IS NULL OR a.at < sqlc.narg(until)::timestamptz)
   AND (sqlc.narg(ip)::text IS NULL OR starts_with(a.ip, sqlc.narg(ip)::text))
   AND (sqlc.narg(words)::text IS NULL
        OR jsonb_to_tsvector('simple'::regconfig, a.detail, '["string"]'::jsonb) @@ to_tsquery('simple'::regconfig, sqlc.narg(words)::text))
   AND (sqlc.narg(before_at)::timestamptz IS NULL OR (a.at, a.id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::bigint))
 ORDER BY a.at DESC, a.id DESC LIMIT sqlc.arg(n);

-- name: OwnAudit :many
-- What a person did and what concerned them, newest first.
SELECT sqlc.embed(a), coalesce(u.name, '')::text AS actor_name, coalesce(s.name, '')::text AS subject_name
  FROM (SELECT x.id FROM audit_log x
         WHERE x.actor_id = sqlc.arg(user_id)::uuid
           AND (sqlc.narg(before_at)::timestamptz IS NULL OR (x.at, x.id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::bigint))
         ORDER BY x.at DESC, x.id DESC LIMIT sqlc.arg(n)) own
  JOIN audit_log a ON a.id = own.id LEFT JOIN users u ON u.id = a.actor_id LEFT JOIN users s ON s.id = a.subject_id
UNION ALL
SELECT sqlc.embed(a), coalesce(u.name, '')::text, coalesce(s.name, '')::text
  FROM (SELECT x.id FROM audit_log x
         WHERE x.subject_id = sqlc.arg(user_id)::uuid AND x.actor_id IS DISTINCT FROM sqlc.arg(user_id)::uuid
           AND (sqlc.narg(before_at)::timestamptz IS NULL OR (x.at, x.id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::bigint))
         ORDER BY x.at DESC, x.id DESC LIMIT sqlc.arg(n)) about
  JOIN audit_log a ON a.id = about.id LEFT JOIN users u ON u.id = a.actor_id LEFT JOIN users s ON s.id = a.subject_id
 ORDER BY 2 DESC, 1 DESC LIMIT sqlc.arg(n);

-- name: PeopleNamed :many
-- For a filter: whose name or address has the text in it.
SELECT id FROM users WHERE name ILIKE sqlc.arg(pattern)::text OR email ILIKE sqlc.arg(pattern)::text ORDER BY id LIMIT 1000;

-- name: ExistingOf :many
-- Which of these accounts and groups there are.
SELECT id FROM users WHERE users.id = ANY (sqlc.arg(ids)::uuid[])
UNION ALL
SELECT id FROM groups WHERE groups.id = ANY (sqlc.arg(ids)::uuid[]);

-- name: AuditActions :many
-- Every action that occurs, by leaps over the index.
WITH RECURSIVE leap AS (
    (SELECT action FROM audit_log ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT l.action FROM audit_log l WHERE l.action > leap.action ORDER BY l.action LIMIT 1) FROM leap WHERE leap.action IS NOT NULL
)
SELECT action::text FROM leap WHERE action IS NOT NULL;
