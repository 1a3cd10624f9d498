-- A model that is not used any more is removed in the background.
-- +goose Up

ALTER TABLE embedding_models ADD COLUMN remove_asked timestamptz;

-- For removing and counting all rows of a model.
CREATE INDEX media_ai_model_idx ON media_ai (model_id, state);

-- +goose StatementBegin
-- Removes the partition, with all vectors of the model. While it waits for the
-- lock, searches wait behind it: it had better give up soon and be called again.
CREATE OR REPLACE FUNCTION drop_embedding_partition(model integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL lock_timeout = '300ms';
    EXECUTE format('DROP TABLE IF EXISTS %I', 'embeddings_' || model);
END $$;
-- +goose StatementEnd
