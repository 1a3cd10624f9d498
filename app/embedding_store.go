package app

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"albumen/db"
	"albumen/ml"
)

// ErrEmbeddingRefused reports an answer of an ml process that cannot be right,
// wrapped with what is wrong with it. Where it answers the present attempt, the
// item has failed with CodeEmbedInvalid.
var ErrEmbeddingRefused = errors.New("the embedding is refused")

// CodeEmbedInvalid is the error code of an item for which an ml process sent
// something that is no vector of its model; others are those of
// ml.StoreEmbedding.
const CodeEmbedInvalid = "invalid"

// unitTolerance is how far from 1 the length of a vector may be.
const unitTolerance = 1e-3

// StoreEmbedding stores what an ml process made of an item, or why it could
// not; only the system may. A vector is right whichever attempt it comes from,
// and a second one changes nothing; a failure counts only for the present
// attempt. Items and models that are gone are no error.
func (a *App) StoreEmbedding(ctx context.Context, actor Actor, e ml.StoreEmbedding) error {
	if err := actor.allowSystem(); err != nil {
		return err
	}
	id, err := uuid.Parse(e.MediaID)
	if err != nil {
		return fmt.Errorf("%w: it names no item", ErrEmbeddingRefused)
	}
	model, err := a.db.EmbeddingModelByName(ctx, e.Model)
	if db.IsNotFound(err) {
		return fmt.Errorf("%w: nobody knows the model %q", ErrEmbeddingRefused, e.Model)
	}
	if err != nil {
		return fmt.Errorf("find the model %s: %w", e.Model, err)
	}
	vector, refused := unitVector(e, int(model.Dimension))
	if refused != nil {
		e.Error, e.Reason = CodeEmbedInvalid, refused.Error()
	}
	var owner uuid.UUID
	changed := false
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		changed = false
		row, err := q.LockEmbedding(ctx, db.LockEmbeddingParams{MediaID: id, ModelID: model.ID})
		if db.IsNotFound(err) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("lock the embedding of media %s: %w", id, err)
		}
		next, ok := afterAnswer(row, e)
		if !ok {
			return nil
		}
		owner, changed = row.OwnerID, true
		next.MediaID, next.ModelID = id, model.ID
		if next.State == db.AiStateDone {
			put := db.PutEmbeddingParams{ModelID: model.ID, MediaID: id, Embedding: pgvector.NewHalfVector(vector)}
			if err := q.PutEmbedding(ctx, put); err != nil {
				return fmt.Errorf("store the embedding of media %s: %w", id, err)
			}
		}
		if err := q.FinishEmbedding(ctx, next); err != nil {
			return fmt.Errorf("end the embedding of media %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if changed {
		a.publishEmbedded(ctx, owner, id)
	}
	if refused != nil {
		return fmt.Errorf("%w: %w", ErrEmbeddingRefused, refused)
	}
	return nil
}

// unitVector returns the vector of an answer without an error code.
func unitVector(e ml.StoreEmbedding, dimension int) ([]float32, error) {
	if e.Error != "" {
		return nil, nil
	}
	vector, err := ml.DecodeVector(e.Vector, dimension)
	if err != nil {
		return nil, err
	}
	square := 0.0
	for _, x := range vector {
		square += float64(x) * float64(x)
	}
	if length := math.Sqrt(square); math.Abs(length-1) > unitTolerance {
		return nil, fmt.Errorf("the vector is %.4f long instead of 1", length)
	}
	return vector, nil
}

// afterAnswer is what becomes of a row; false when it stays as it is. What
// another try may mend is tried again, as often as after a crash.
func afterAnswer(row db.LockEmbeddingRow, e ml.StoreEmbedding) (db.FinishEmbeddingParams, bool) {
	if e.Error == "" {
		return db.FinishEmbeddingParams{State: db.AiStateDone}, row.State != db.AiStateDone
	}
	if row.State != db.AiStateProcessing || int(row.Attempts) != e.Attempt {
		return db.FinishEmbeddingParams{}, false
	}
	next := db.FinishEmbeddingParams{State: db.AiStateFailed, ErrorCode: e.Error, Error: clean(e.Reason), Crashes: row.Crashes}
	if e.Error == ml.EmbedInternal || e.Error == ml.EmbedCrashed {
		if next.Crashes++; next.Crashes < MaxCrashes {
			next.State = db.AiStatePending
		}
	}
	return next, true
}
