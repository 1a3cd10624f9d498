package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/ml"
)

const (
	// modelsLock is the advisory lock that is shared by who adds an item to all
	// models, and is exclusive for who adds a model to all items: so neither
	// misses the other.
	modelsLock = 0x616c626d646c73 // "albmdls"
	// maxDimension is what the index takes.
	maxDimension = 4000
	// awayBeforeRevival is how long the active model has had no process when a
	// retired one that has takes over again.
	awayBeforeRevival = 2 * time.Minute
	// seenEvery is how often it is noted that a model has a process.
	seenEvery = 10 * time.Second
)

// capacity is what all processes that are ready with one model can do.
type capacity struct {
	model     ml.Model
	processes int
	rate      float64 // images a second in the last minute; 0: none came
	expected  float64 // images a second, also while none come; 0: not known
}

// capacities adds the ready processes up by the ID of their model.
func capacities(statuses []ml.Status) map[string]capacity {
	by := map[string]capacity{}
	for _, s := range statuses {
		if s.State != ml.StateReady || s.Model.ID == "" {
			continue
		}
		c := by[s.Model.ID]
		expected := s.ImagesPerSecond
		if expected <= 0 {
			expected = s.Expected
		}
		by[s.Model.ID] = capacity{s.Model, c.processes + 1, c.rate + s.ImagesPerSecond, c.expected + expected}
	}
	return by
}

// register makes sure that the database knows the models that are ready, and
// returns all models that it knows, also with an error.
func (a *App) register(ctx context.Context, ready map[string]capacity) ([]db.EmbeddingModel, error) {
	models, err := a.db.EmbeddingModels(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	known := map[string]db.EmbeddingModel{}
	for _, m := range models {
		known[m.Name] = m
	}
	changed, unseen, errs := false, []string{}, []error{}
	for id, c := range ready {
		m, ok := known[id]
		switch {
		case !ok && (c.model.Dimension < 1 || c.model.Dimension > maxDimension):
			a.log.WarnContext(ctx, "a model cannot be used: its vectors are too long", "model", id, "dimension", c.model.Dimension)
		case !ok:
			if err := a.addModel(ctx, c.model); err != nil {
				errs = append(errs, err)
				continue
			}
			changed = true
		case m.State == db.EmbeddingModelStateRetired:
			n, err := a.db.ReviveModel(ctx, db.ReviveModelParams{ID: m.ID, AwaySeconds: awayBeforeRevival.Seconds()})
			if err != nil {
				errs = append(errs, fmt.Errorf("take up the model %s again: %w", id, err))
			}
			changed = changed || n > 0
		}
		if ok && a.now().Sub(m.SeenAt) > seenEvery {
			unseen = append(unseen, id)
		}
	}
	if len(unseen) > 0 {
		if err := a.db.SeeModels(ctx, unseen); err != nil {
			errs = append(errs, fmt.Errorf("note which models have a process: %w", err))
		}
	}
	if changed {
		if models, err = a.db.EmbeddingModels(ctx); err != nil {
			errs = append(errs, fmt.Errorf("list the models: %w", err))
		}
	}
	return models, errors.Join(errs...)
}

// addModel registers a model, unless somebody else just did. The first one is
// active at once, and so is one that was trained where the active one was not:
// what that finds is worth nothing.
func (a *App) addModel(ctx context.Context, m ml.Model) error {
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockModels(ctx, modelsLock); err != nil {
			return fmt.Errorf("lock the models: %w", err)
		}
		models, err := q.EmbeddingModels(ctx)
		if err != nil {
			return fmt.Errorf("list the models: %w", err)
		}
		if slices.ContainsFunc(models, func(o db.EmbeddingModel) bool { return o.Name == m.ID }) {
			return nil
		}
		state := db.EmbeddingModelStateBuilding
		active := slices.IndexFunc(models, func(o db.EmbeddingModel) bool { return o.State == db.EmbeddingModelStateActive })
		if active < 0 || models[active].Random && !m.Random {
			state = db.EmbeddingModelStateActive
			if err := q.RetireModels(ctx); err != nil {
				return fmt.Errorf("retire the model that was active: %w", err)
			}
		}
		added, err := q.InsertModel(ctx, db.InsertModelParams{
			Name: m.ID, Label: m.Name, Dimension: int32(m.Dimension), Random: m.Random, State: state,
		})
		if err != nil {
			return fmt.Errorf("record the model: %w", err)
		}
		return q.CreateEmbeddingPartition(ctx, db.CreateEmbeddingPartitionParams{ModelID: added.ID, Dimension: added.Dimension})
	})
	if err != nil {
		return fmt.Errorf("add the model %s: %w", m.ID, err)
	}
	a.active.forget()
	a.log.InfoContext(ctx, "a new model is ready", "model", m.ID, "dimension", m.Dimension)
	return nil
}

// activate makes search use a model instead of the one that it uses now. It
// reports whether the model was still being built.
func (a *App) activate(ctx context.Context, actor Actor, id int32) (bool, error) {
	switched := false
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockModels(ctx, modelsLock); err != nil {
			return fmt.Errorf("lock the models: %w", err)
		}
		model, err := q.EmbeddingModel(ctx, id)
		if db.IsNotFound(err) {
			return NotFound("model")
		}
		if err != nil {
			return fmt.Errorf("load model %d: %w", id, err)
		}
		if switched = model.State == db.EmbeddingModelStateBuilding; !switched {
			return nil
		}
		if err := q.RetireModels(ctx); err != nil {
			return fmt.Errorf("retire the model that was active: %w", err)
		}
		if err := q.ActivateModel(ctx, id); err != nil {
			return fmt.Errorf("activate model %d: %w", id, err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "model.use", Kind: "model", Detail: map[string]any{"name": model.Label}})
	})
	a.active.forget()
	return switched, err
}
