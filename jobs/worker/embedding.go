package worker

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gocraft/work"

	"albumen/app"
	"albumen/ml"
)

// storeEmbedding stores what an ml process answered. What cannot be stored now
// comes back: the item's lease runs out.
func (w *Worker) storeEmbedding(job *work.Job) error {
	var answer ml.StoreEmbedding
	encoded, err := json.Marshal(job.Args)
	if err == nil {
		err = json.Unmarshal(encoded, &answer)
	}
	if err != nil {
		w.cfg.Log.Error("a job has wrong arguments", "job", job.Name, "error", err)
		return fmt.Errorf("read the arguments: %w", err)
	}
	err = w.cfg.App.StoreEmbedding(w.jobs, app.SystemActor(), answer)
	switch {
	case errors.Is(err, app.ErrEmbeddingRefused):
		w.cfg.Log.Warn("an ml process sent what cannot be right", "media", answer.MediaID, "model", answer.Model, "error", err)
	case err != nil:
		w.cfg.Log.Error("could not store an embedding; it will be asked for again", "media", answer.MediaID, "error", err)
		return err
	case answer.Error != "":
		w.cfg.Log.Warn("a picture could not be embedded", "media", answer.MediaID, "code", answer.Error, "reason", answer.Reason)
	}
	w.askForEmbeddings()
	return nil
}

// askForEmbeddings lets the dispatcher look at once whether there is something
// to hand out.
func (w *Worker) askForEmbeddings() {
	select {
	case w.embed <- struct{}{}:
	default: // asked already
	}
}
