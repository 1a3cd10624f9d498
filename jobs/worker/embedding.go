package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gocraft/work"

	"albumen/app"
	"albumen/ml"
)

// storeEmbedding stores what an ml process answered. What cannot be stored now
// comes back: the item's lease runs out. What a stop interrupts goes back into
// the queue instead, for the next worker.
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
	case err != nil && w.jobs.Err() != nil:
		return w.putBack(answer, err)
	case err != nil:
		w.cfg.Log.Error("could not store an embedding; it will be asked for again", "media", answer.MediaID, "error", err)
		w.pause()
		return err
	case answer.Error != "":
		w.cfg.Log.Warn("a picture could not be embedded", "media", answer.MediaID, "code", answer.Error, "reason", answer.Reason)
	}
	w.askForEmbeddings()
	return nil
}

// putBack enqueues an answer that was not stored for err. It happens at most
// once in a slot, for that takes no more jobs.
func (w *Worker) putBack(answer ml.StoreEmbedding, err error) error {
	clean, cancel := context.WithTimeout(context.WithoutCancel(w.jobs), cleanupLimit)
	defer cancel()
	if failed := w.cfg.Queue.Enqueue(clean, answer); failed != nil {
		return errors.Join(err, fmt.Errorf("put the embedding of media %s back: %w", answer.MediaID, failed))
	}
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
