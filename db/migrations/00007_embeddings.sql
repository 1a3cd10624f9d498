-- Embeddings of pictures: what a model made of each item, and how far it is.
-- +goose Up

CREATE TYPE embedding_model_state AS ENUM ('building', 'active', 'retired');
CREATE TYPE ai_state AS ENUM ('pending', 'processing', 'done', 'failed');

-- The models that an ml process has ever been ready with. Search uses the
-- active one; a newer one is built beside it.
CREATE TABLE embedding_models (
    id            integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name          text NOT NULL UNIQUE, -- ml.Model.ID: name and fingerprint
    label         text NOT NULL,        -- ml.Model.Name: what people call it
    dimension     integer NOT NULL CHECK (dimension BETWEEN 1 AND 4000),
    random        boolean NOT NULL DEFAULT false,
    state         embedding_model_state NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    activated_at  timestamptz,
    -- When an ml process was last ready with it.
    seen_at       timestamptz NOT NULL DEFAULT now(),
    -- How far the items that were there before the model have got their rows in
    -- media_ai: up to this id, or all. With again_at, rows that were finished
    -- before that time become pending once more.
    backlog_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    backlog_done  boolean NOT NULL DEFAULT false,
    again_at      timestamptz
);
CREATE UNIQUE INDEX embedding_models_active_key ON embedding_models ((true)) WHERE state = 'active';

-- The state of each item with each model. The row, not the queue, is the truth.
CREATE TABLE media_ai (
    media_id    uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    model_id    integer NOT NULL REFERENCES embedding_models,
    state       ai_state NOT NULL DEFAULT 'pending',
    -- How often it was given to an ml process; also the fencing number. It only
    -- ever grows; how often it never came back, in a row, can be reset.
    attempts    integer NOT NULL DEFAULT 0,
    crashes     smallint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    error_code  text NOT NULL DEFAULT '',
    error       text NOT NULL DEFAULT '',
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (media_id, model_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- Small indexes on what is unfinished: of a million rows nearly all are done.
-- The newest items come first, so that a fresh photo does not wait for a backlog.
CREATE INDEX media_ai_pending_idx ON media_ai (model_id, media_id DESC) WHERE state = 'pending';
CREATE INDEX media_ai_suspect_idx ON media_ai (model_id) WHERE state = 'pending' AND crashes >= 2;
CREATE INDEX media_ai_lease_idx ON media_ai (model_id, lease_until) WHERE state = 'processing';
CREATE INDEX media_ai_failed_idx ON media_ai (model_id, updated_at DESC) WHERE state = 'failed';

-- Vectors of unit length, a partition with an index of its own per model. The
-- key begins with the item: deleting one must find its vectors.
CREATE TABLE embeddings (
    model_id  integer NOT NULL,
    media_id  uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    embedding halfvec NOT NULL,
    PRIMARY KEY (media_id, model_id)
) PARTITION BY LIST (model_id);

-- +goose StatementBegin
-- Makes the partition embeddings_<model> with its index. Attached rather than
-- created in place, which would lock every search and backup out.
CREATE FUNCTION create_embedding_partition(model integer, dimension integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text := 'embeddings_' || model;
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Parallel builds of pgvector before 0.8.2 overflow a buffer (CVE-2026-3172).
    SET LOCAL max_parallel_maintenance_workers = 0;
    SET LOCAL lock_timeout = '5s';
    EXECUTE format('CREATE TABLE %I (LIKE embeddings INCLUDING ALL, CHECK (model_id = %s), CHECK (vector_dims(embedding) = %s))', part, model, dimension);
    EXECUTE format('CREATE INDEX %I ON %I USING hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 100)',
        part || '_hnsw', part, dimension);
    EXECUTE format('ALTER TABLE embeddings ATTACH PARTITION %I FOR VALUES IN (%s)', part, model);
END $$;

-- Removes the partition, with all vectors of the model.
CREATE FUNCTION drop_embedding_partition(model integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL lock_timeout = '5s';
    EXECUTE format('DROP TABLE IF EXISTS %I', 'embeddings_' || model);
END $$;
-- +goose StatementEnd
