package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"albumen/db"
)

// activeModelKept is how long the active model is not asked for again.
const activeModelKept = 3 * time.Second

// activeModelCache keeps the model that search uses, which hardly ever changes
// and which every list and search asks for. That there is none is not kept.
type activeModelCache struct {
	mu    sync.Mutex
	model db.EmbeddingModel
	until time.Time
}

// activeModel returns the model whose embeddings are searched, as it was at
// most a few seconds ago; false when there is none yet.
func (a *App) activeModel(ctx context.Context) (db.EmbeddingModel, bool, error) {
	c := a.active
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.until) {
		return c.model, true, nil
	}
	model, err := a.db.ActiveModel(ctx)
	if db.IsNotFound(err) {
		c.until = time.Time{}
		return db.EmbeddingModel{}, false, nil
	}
	if err != nil {
		return db.EmbeddingModel{}, false, fmt.Errorf("find the active model: %w", err)
	}
	c.model, c.until = model, time.Now().Add(activeModelKept)
	return model, true, nil
}

// forget makes the next activeModel ask the database.
func (c *activeModelCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Time{}
}
