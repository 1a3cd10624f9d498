-- Search by meaning, as far as it does not depend on the filter (db/filter_vector.go).

-- name: EmbeddingOf :one
SELECT embedding FROM embeddings WHERE model_id = sqlc.arg(model_id) AND media_id = sqlc.arg(media_id);
