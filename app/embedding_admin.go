package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/ml"
)

const (
	// progressKept is how long counts over all items are not counted again.
	progressKept = 2 * time.Second
	// abandonedAfter is how long a model that was never finished has had no
	// process when it may be removed.
	abandonedAfter = time.Hour
	// pruneChunk rows of a removed model go at a time.
	pruneChunk = 10_000
	// mostReported is how far WaitingEmbeddings counts.
	mostReported = 10_000
)

// ModelProgress is how far a model is, as it was a few seconds ago at most.
type ModelProgress struct {
	Waiting, InHand, Done, Failed int
	// Counting says that not all items that were there before the model are
	// among those yet.
	Counting bool
}

// Left is how many items have not been finished, of those that are counted.
func (p ModelProgress) Left() int { return p.Waiting + p.InHand }

// Total is how many items there are, of those that are counted.
func (p ModelProgress) Total() int { return p.Left() + p.Done + p.Failed }

// ModelInfo is a model with its progress.
type ModelInfo struct {
	db.EmbeddingModel
	ModelProgress
	Processes int     // that are ready with it
	Rate      float64 // images a second of all of them in the last minute
}

// TimeLeft is how long the rest takes at the present rate; 0 where nobody can say.
func (m ModelInfo) TimeLeft() time.Duration {
	if m.Rate <= 0 || m.Counting {
		return 0
	}
	return time.Duration(float64(m.Left()) / m.Rate * float64(time.Second))
}

// EmbeddingFailure is an item that a model could not embed.
type EmbeddingFailure struct {
	SiteFailure
	Model string // its label
}

// MeaningState is all about search by meaning that an administrator learns.
type MeaningState struct {
	Processes []ml.Status // the best first
	Unheard   bool        // Redis does not answer: Processes are not known
	Models    []ModelInfo // those in use first; of the others no progress is known
	Failures  []EmbeddingFailure
}

// MeaningState returns the state of the models and the ml processes.
func (a *App) MeaningState(ctx context.Context, actor Actor) (MeaningState, error) {
	if err := actor.allow(ManageSite); err != nil {
		return MeaningState{}, err
	}
	statuses, away := a.ml.Statuses(ctx)
	if away != nil {
		a.log.WarnContext(ctx, "could not ask the ml processes", "error", away)
	}
	models, err := a.db.EmbeddingModels(ctx)
	if err != nil {
		return MeaningState{}, fmt.Errorf("list the models: %w", err)
	}
	s, ready := MeaningState{Processes: statuses, Unheard: away != nil}, capacities(statuses)
	for _, m := range models {
		c := ready[m.Name]
		info := ModelInfo{EmbeddingModel: m, Processes: c.processes, Rate: c.rate}
		if m.State != db.EmbeddingModelStateRetired {
			if info.ModelProgress, err = a.modelProgress(ctx, m); err != nil {
				return MeaningState{}, err
			}
		}
		s.Models = append(s.Models, info)
		if info.Failed == 0 {
			continue
		}
		failed, err := a.db.FailedEmbeddings(ctx, db.FailedEmbeddingsParams{ModelID: m.ID, N: shownFailures})
		if err != nil {
			return MeaningState{}, fmt.Errorf("list the items that could not be embedded: %w", err)
		}
		for _, f := range failed {
			failure := EmbeddingFailure{Model: m.Label, SiteFailure: SiteFailure{
				ID: f.MediaID, Owner: f.OwnerEmail, Code: f.ErrorCode, Attempts: int(f.Attempts), At: f.UpdatedAt}}
			if f.OwnerID == actor.UserID() {
				failure.Filename = f.Filename
			}
			s.Failures = append(s.Failures, failure)
		}
	}
	return s, nil
}

// progressCache keeps what is counted over all items.
type progressCache struct {
	mu sync.Mutex
	of map[int32]counted
}

type counted struct {
	progress ModelProgress
	until    time.Time
}

// modelProgress counts, at most once in progressKept.
func (a *App) modelProgress(ctx context.Context, m db.EmbeddingModel) (ModelProgress, error) {
	c := a.progress
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.of[m.ID]; ok && time.Now().Before(kept.until) {
		return kept.progress, nil
	}
	rows, err := a.db.CountEmbeddings(ctx, m.ID)
	if err != nil {
		return ModelProgress{}, fmt.Errorf("count what the model %s has done: %w", m.Name, err)
	}
	p := ModelProgress{Counting: !m.BacklogDone}
	for _, r := range rows {
		*map[db.AiState]*int{
			db.AiStatePending: &p.Waiting, db.AiStateProcessing: &p.InHand, db.AiStateDone: &p.Done, db.AiStateFailed: &p.Failed,
		}[r.State] = int(r.N)
	}
	c.of[m.ID] = counted{p, time.Now().Add(progressKept)}
	return p, nil
}

// forget makes the next modelProgress count.
func (c *progressCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.of)
}

// WaitingEmbeddings is how many items wait for the model that is searched, and
// whether more do than were counted. It is cheap; only site admins and the
// system may.
func (a *App) WaitingEmbeddings(ctx context.Context, actor Actor) (n int, more bool, err error) {
	if err := actor.allow(ManageSite); err != nil {
		return 0, false, err
	}
	model, ok, err := a.activeModel(ctx)
	if err != nil || !ok {
		return 0, false, err
	}
	count, err := a.db.EmbeddingsWaiting(ctx, db.EmbeddingsWaitingParams{ModelID: model.ID, Most: mostReported})
	if err != nil {
		return 0, false, fmt.Errorf("count what waits for the model: %w", err)
	}
	return int(count), count == mostReported || !model.BacklogDone, nil
}

// EmbedOptions says what EmbedAll asks for.
type EmbedOptions struct {
	FailedOnly bool // only what could not be embedded
	Again      bool // also what was embedded already
}

// EmbedAll has the models in use look through all items: what they miss or
// could not embed waits for the ml processes again. Search keeps what it has
// until its successor is there. It returns the labels of the models, none when
// there is no model yet; only site admins and the system may.
func (a *App) EmbedAll(ctx context.Context, actor Actor, o EmbedOptions) ([]string, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	models, err := a.db.EmbeddingModels(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	asked := []string{}
	for _, m := range models {
		if m.State == db.EmbeddingModelStateRetired {
			continue
		}
		asked = append(asked, m.Label)
		if _, err := a.db.RetryEmbeddings(ctx, m.ID); err != nil {
			return asked, fmt.Errorf("retry what %s could not embed: %w", m.Name, err)
		}
		if o.FailedOnly {
			continue
		}
		if err := a.db.RestartBacklog(ctx, db.RestartBacklogParams{ID: m.ID, Again: o.Again}); err != nil {
			return asked, fmt.Errorf("look through all items for %s: %w", m.Name, err)
		}
	}
	a.progress.forget()
	return asked, nil
}

// RetryEmbedding asks the models in use once more for one item of anybody's.
// CodeConflict when none of them has failed with it (any more).
func (a *App) RetryEmbedding(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	n, err := a.db.RetryEmbedding(ctx, id)
	if err != nil {
		return fmt.Errorf("retry the embedding of media %s: %w", id, err)
	}
	if n == 0 {
		return &Error{Code: CodeConflict, Key: "error.not_failed"}
	}
	a.progress.forget()
	return nil
}

// UseModel makes search use a model that is still being built: what it has not
// embedded yet is found by words only. CodeConflict when it is not being built,
// CodeNotFound when there is no such model.
func (a *App) UseModel(ctx context.Context, actor Actor, id int) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	switched, err := a.activate(ctx, actor, int32(id))
	if err == nil && !switched {
		err = &Error{Code: CodeConflict, Key: "error.model_not_building"}
	}
	return err
}

// PruneModels has the models removed that search does not use any more, with
// their embeddings, and such as were never finished and are not worked on: in
// the background, see DoChores. It returns the labels of those that it was not
// asked for before.
func (a *App) PruneModels(ctx context.Context, actor Actor) ([]string, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	if err := a.db.AbandonModels(ctx, abandonedAfter.Seconds()); err != nil {
		return nil, fmt.Errorf("give up models that were never finished: %w", err)
	}
	var labels []string
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) (err error) {
		if labels, err = q.AskRemoval(ctx); err != nil {
			return fmt.Errorf("have models removed: %w", err)
		}
		if len(labels) == 0 {
			return nil
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "model.remove", Kind: "model", Detail: map[string]any{"name": strings.Join(labels, ", ")}})
	})
	return labels, err
}

// removeModelStep removes some rows of a model that is to be removed, other
// than those named; in the last step its vectors and the model itself.
func (a *App) removeModelStep(ctx context.Context, but []int32) (model int32, n int, state choreState, err error) {
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		model, n, state = 0, 0, choreDone
		m, err := q.LockRemovedModel(ctx, but)
		if db.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take a model that is to be removed: %w", err)
		}
		model, state = m.ID, choreGoesOn
		deleted, err := q.DeleteModelStates(ctx, db.DeleteModelStatesParams{ModelID: m.ID, N: pruneChunk})
		if err != nil {
			return fmt.Errorf("delete the states of the model %s: %w", m.Name, err)
		}
		if n = int(deleted); n > 0 {
			return nil
		}
		if err := q.DeleteModel(ctx, m.ID); err != nil {
			return fmt.Errorf("remove the model %s: %w", m.Name, err)
		}
		if err := q.DropEmbeddingPartition(ctx, m.ID); err != nil {
			return fmt.Errorf("remove the vectors of the model %s: %w", m.Name, err)
		}
		return nil
	})
	if db.IsLocked(err) { // somebody searches, or a backup reads
		return model, 0, choreBusy, nil
	}
	return model, n, state, err
}
