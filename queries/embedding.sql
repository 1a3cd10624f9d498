-- Embeddings by model: which models there are, how far each item is with each
-- of them, and the vectors.

-- name: ActiveModel :one
SELECT * FROM embedding_models WHERE state = 'active';

-- name: EmbeddingModels :many
-- In the order in which search came, or would come, to use them.
SELECT * FROM embedding_models ORDER BY (state = 'retired'), id;

-- name: EmbeddingModel :one
SELECT * FROM embedding_models WHERE id = $1;

-- name: EmbeddingModelByName :one
SELECT * FROM embedding_models WHERE name = $1;

-- name: LockModels :exec
-- Waits for everybody who is just adding an item, see AddEmbeddings.
SELECT pg_advisory_xact_lock(sqlc.arg(key));

-- name: ShareModels :exec
-- Keeps the set of models as it is until the end of the transaction.
SELECT pg_advisory_xact_lock_shared(sqlc.arg(key));

-- name: InsertModel :one
INSERT INTO embedding_models (name, label, dimension, random, state, activated_at)
VALUES (sqlc.arg(name), sqlc.arg(label), sqlc.arg(dimension), sqlc.arg(random), sqlc.arg(state),
        CASE WHEN sqlc.arg(state)::embedding_model_state = 'active' THEN now() END)
RETURNING *;

-- name: CreateEmbeddingPartition :exec
SELECT create_embedding_partition(sqlc.arg(model_id)::integer, sqlc.arg(dimension)::integer);

-- name: DropEmbeddingPartition :exec
SELECT drop_embedding_partition(sqlc.arg(model_id)::integer);

-- name: SeeModels :exec
UPDATE embedding_models SET seen_at = now() WHERE name = ANY (sqlc.arg(names)::text[]);

-- name: ReviveModel :execrows
-- A retired model is built again where the active one has no process any more:
-- what it lacks is added, what it has stays.
UPDATE embedding_models r SET state = 'building', backlog_after = DEFAULT, backlog_done = false
 WHERE r.id = sqlc.arg(id) AND r.state = 'retired' AND r.remove_asked IS NULL
   AND NOT EXISTS (SELECT 1 FROM embedding_models x WHERE x.state = 'active' AND x.seen_at > now() - make_interval(secs => sqlc.arg(away_seconds)));

-- name: RetireModels :exec
UPDATE embedding_models SET state = 'retired' WHERE state = 'active';

-- name: ActivateModel :exec
UPDATE embedding_models SET state = 'active', activated_at = now() WHERE id = $1;

-- name: AbandonModels :exec
-- Models that were never finished and have had no process for long.
UPDATE embedding_models SET state = 'retired'
 WHERE state = 'building' AND seen_at < now() - make_interval(secs => sqlc.arg(away_seconds));

-- name: AskRemoval :many
-- Retired models are removed from now on; returns those that it was not asked for before.
UPDATE embedding_models SET remove_asked = now() WHERE state = 'retired' AND remove_asked IS NULL RETURNING label;

-- name: LockRemovedModel :one
-- The next model that is to be removed. No row: there is none, or somebody else is at it.
SELECT id, name FROM embedding_models WHERE remove_asked IS NOT NULL AND state = 'retired'
   AND id <> ALL (sqlc.arg(but)::integer[]) ORDER BY remove_asked, id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: DeleteModel :exec
DELETE FROM embedding_models WHERE id = $1;

-- name: DeleteModelStates :execrows
-- Some of a model's rows.
DELETE FROM media_ai a WHERE a.ctid = ANY (ARRAY(SELECT x.ctid FROM media_ai x WHERE x.model_id = sqlc.arg(model_id) LIMIT sqlc.arg(n)));

-- name: RestartBacklog :exec
-- Goes through all items once more; with again, also through the finished ones.
UPDATE embedding_models SET backlog_after = DEFAULT, backlog_done = false,
       again_at = CASE WHEN sqlc.arg(again)::boolean THEN now() ELSE again_at END
 WHERE id = sqlc.arg(id);

-- name: LockModel :exec
-- Lets nobody move or restart the backlog of the model meanwhile.
SELECT 1 FROM embedding_models WHERE id = sqlc.arg(id) FOR NO KEY UPDATE;

-- name: ContinueBacklog :one
-- Gives the next items that were there before the model their rows. The caller
-- holds LockModel: otherwise this would undo a restart that came in between.
WITH model AS (SELECT id, backlog_after, again_at FROM embedding_models m WHERE m.id = sqlc.arg(model_id)),
page AS (SELECT i.id, i.status FROM media i WHERE i.id > (SELECT backlog_after FROM model) ORDER BY i.id LIMIT sqlc.arg(n)),
added AS (
    INSERT INTO media_ai AS a (media_id, model_id)
    SELECT p.id, model.id FROM page p, model
     WHERE p.status = 'ready' AND EXISTS (SELECT 1 FROM derivatives d WHERE d.media_id = p.id AND d.kind = 'preview')
    ON CONFLICT (media_id, model_id) DO UPDATE SET state = 'pending', crashes = 0, error_code = '', error = '', updated_at = now()
     WHERE a.state IN ('done', 'failed') AND a.updated_at < (SELECT again_at FROM model)
    RETURNING 1
)
UPDATE embedding_models m SET backlog_done = NOT EXISTS (SELECT 1 FROM page),
       backlog_after = coalesce((SELECT p.id FROM page p ORDER BY p.id DESC LIMIT 1), m.backlog_after)
 WHERE m.id = sqlc.arg(model_id)
RETURNING m.backlog_done, (SELECT count(*) FROM added)::integer AS added;

-- name: AddEmbeddings :exec
-- Asks all models that are in use for an item whose preview was made (anew).
INSERT INTO media_ai AS a (media_id, model_id)
SELECT d.media_id, m.id FROM derivatives d, embedding_models m
 WHERE d.media_id = sqlc.arg(media_id) AND d.kind = 'preview' AND m.state <> 'retired'
ON CONFLICT (media_id, model_id) DO UPDATE SET state = 'pending', crashes = 0, error_code = '', error = '', updated_at = now()
 WHERE a.state = 'failed';

-- name: EmbeddingLoad :one
-- What decides how much may be claimed.
SELECT (SELECT count(*) FROM media_ai p WHERE p.model_id = sqlc.arg(model_id) AND p.state = 'processing')::integer AS in_flight,
       EXISTS (SELECT 1 FROM media_ai s WHERE s.model_id = sqlc.arg(model_id) AND s.state = 'pending' AND s.crashes >= 2) AS suspects;

-- name: ClaimEmbeddings :many
-- Takes leases on the newest waiting items.
UPDATE media_ai a SET state = 'processing', attempts = a.attempts + 1, updated_at = now(),
       lease_until = now() + make_interval(secs => sqlc.arg(lease_seconds))
  FROM (SELECT x.media_id FROM media_ai x WHERE x.model_id = sqlc.arg(model_id) AND x.state = 'pending' AND x.crashes < 2
         ORDER BY x.media_id DESC LIMIT sqlc.arg(n) FOR UPDATE SKIP LOCKED) c
 WHERE a.model_id = sqlc.arg(model_id) AND a.media_id = c.media_id
RETURNING a.media_id, a.attempts,
       coalesce((SELECT d.storage_key FROM derivatives d WHERE d.media_id = a.media_id AND d.kind = 'preview'), '')::text AS storage_key;

-- name: ClaimSuspect :many
-- Takes the lease on one item that was there each time when an ml process died.
UPDATE media_ai a SET state = 'processing', attempts = a.attempts + 1, updated_at = now(),
       lease_until = now() + make_interval(secs => sqlc.arg(lease_seconds))
  FROM (SELECT x.media_id FROM media_ai x WHERE x.model_id = sqlc.arg(model_id) AND x.state = 'pending' AND x.crashes >= 2
         LIMIT 1 FOR UPDATE SKIP LOCKED) c
 WHERE a.model_id = sqlc.arg(model_id) AND a.media_id = c.media_id
RETURNING a.media_id, a.attempts,
       coalesce((SELECT d.storage_key FROM derivatives d WHERE d.media_id = a.media_id AND d.kind = 'preview'), '')::text AS storage_key;

-- name: ReleaseEmbedding :exec
-- Gives an item back that could not be handed over.
UPDATE media_ai SET state = 'pending', lease_until = NULL
 WHERE model_id = sqlc.arg(model_id) AND media_id = sqlc.arg(media_id) AND attempts = sqlc.arg(attempts) AND state = 'processing';

-- name: OverdueEmbeddings :many
-- What is away for longer than its lease.
SELECT media_id, attempts FROM media_ai WHERE model_id = sqlc.arg(model_id) AND state = 'processing' AND lease_until < now();

-- name: ExpireEmbeddingLeases :many
-- The n of those looked at that have been away for longest never came back. Of
-- those that were begun that counts as a crash; too many of them are a failure.
UPDATE media_ai a SET crashes = gone.crashes, lease_until = NULL, updated_at = now(),
       state = CASE WHEN gone.given_up THEN 'failed'::ai_state ELSE 'pending' END,
       error_code = CASE WHEN gone.given_up THEN sqlc.arg(error_code)::text ELSE '' END,
       error = CASE WHEN gone.given_up THEN sqlc.arg(error)::text ELSE '' END
  FROM (SELECT x.media_id, x.crashes + x.begun AS crashes, x.begun = 1 AND x.crashes + 1 >= sqlc.arg(max_crashes)::integer AS given_up
          FROM (SELECT y.media_id, y.crashes, (y.media_id = ANY (sqlc.arg(begun)::uuid[]))::integer AS begun FROM media_ai y
                 WHERE y.model_id = sqlc.arg(model_id) AND y.state = 'processing' AND y.lease_until < now()
                   AND y.media_id = ANY (sqlc.arg(looked_at)::uuid[])
                 ORDER BY y.lease_until LIMIT sqlc.arg(n)) x) gone
 WHERE a.model_id = sqlc.arg(model_id) AND a.media_id = gone.media_id AND a.state = 'processing'
RETURNING a.media_id, a.state, (SELECT m.owner_id FROM media m WHERE m.id = a.media_id)::uuid AS owner_id;

-- name: ExtendEmbeddingLeases :exec
-- The others of those looked at still wait in the queue.
UPDATE media_ai SET lease_until = now() + make_interval(secs => sqlc.arg(lease_seconds))
 WHERE model_id = sqlc.arg(model_id) AND state = 'processing' AND lease_until < now() AND media_id = ANY (sqlc.arg(looked_at)::uuid[]);

-- name: LockEmbedding :one
-- The item first, as whoever deletes it does.
SELECT i.owner_id, a.state, a.attempts, a.crashes FROM media i JOIN media_ai a ON a.media_id = i.id
 WHERE i.id = sqlc.arg(media_id) AND a.model_id = sqlc.arg(model_id)
   FOR KEY SHARE OF i FOR NO KEY UPDATE OF a;

-- name: PutEmbedding :exec
INSERT INTO embeddings (model_id, media_id, embedding) VALUES ($1, $2, $3)
ON CONFLICT (media_id, model_id) DO UPDATE SET embedding = excluded.embedding;

-- name: FinishEmbedding :exec
UPDATE media_ai SET state = sqlc.arg(state), error_code = sqlc.arg(error_code), error = sqlc.arg(error), crashes = sqlc.arg(crashes),
       lease_until = NULL, updated_at = now()
 WHERE media_id = sqlc.arg(media_id) AND model_id = sqlc.arg(model_id);

-- name: RetryEmbeddings :execrows
UPDATE media_ai SET state = 'pending', crashes = 0, error_code = '', error = '', updated_at = now()
 WHERE model_id = sqlc.arg(model_id) AND state = 'failed';

-- name: RetryEmbedding :execrows
UPDATE media_ai a SET state = 'pending', crashes = 0, error_code = '', error = '', updated_at = now()
  FROM embedding_models m
 WHERE m.id = a.model_id AND m.state <> 'retired' AND a.media_id = sqlc.arg(media_id) AND a.state = 'failed';

-- name: CountEmbeddings :many
SELECT state, count(*) AS n FROM media_ai WHERE model_id = $1 GROUP BY state;

-- name: EmbeddingsWaiting :one
-- How many are unfinished, counted up to most.
SELECT count(*) FROM (SELECT 1 FROM media_ai WHERE model_id = sqlc.arg(model_id) AND state = 'pending' LIMIT sqlc.arg(most)) x;

-- name: Unfinished :one
SELECT (EXISTS (SELECT 1 FROM media_ai p WHERE p.model_id = $1 AND p.state = 'pending')
    OR EXISTS (SELECT 1 FROM media_ai r WHERE r.model_id = $1 AND r.state = 'processing'))::boolean AS unfinished;

-- name: FailedEmbeddings :many
SELECT a.media_id, m.owner_id, u.email AS owner_email, m.filename, a.error_code, a.attempts, a.updated_at
  FROM media_ai a JOIN media m ON m.id = a.media_id JOIN users u ON u.id = m.owner_id
 WHERE a.model_id = sqlc.arg(model_id) AND a.state = 'failed' ORDER BY a.updated_at DESC LIMIT sqlc.arg(n);
