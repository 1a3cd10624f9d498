// Package ml is what the web and worker processes know of the ml process: the
// names, payloads and Redis keys that they share with it, and a client. The
// two sides meet in Redis only.
package ml

import (
	"errors"
	"time"
)

// Prefix is the prefix of the keys in Redis.
const Prefix = "albumen:ml"

// Keys are the names of things in Redis under a prefix, see Prefix.
type Keys struct{ Prefix string }

// Text is the list of TextRequests; the ml process blocks on it, so that a
// search never waits behind a batch of pictures.
func (k Keys) Text() string { return k.Prefix + ":text" }

// Reply is the list on which the answer to one request is left.
func (k Keys) Reply(id string) string { return k.Prefix + ":reply:" + id }

// Status holds the Status of the ml process that reported last; it expires.
func (k Keys) Status() string { return k.Prefix + ":status" }

// How the status is kept.
const (
	StatusEvery = 5 * time.Second
	StatusLives = 15 * time.Second
)

// Model names a model and the length of its vectors.
type Model struct {
	ID        string `json:"id"` // empty: none is loaded
	Dimension int    `json:"dimension"`
}

// State says what an ml process can do.
type State string

// The states.
const (
	StateNoModel State = "no_model" // answers, but embeds nothing
	StateReady   State = "ready"
)

// Status is what an ml process says about itself.
type Status struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	State State     `json:"state"`
	Model Model     `json:"model"`
	Since time.Time `json:"since"`
}

// TextRequest asks for the embedding of a text.
type TextRequest struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	// Deadline is when nobody waits for the answer any more, by clocks that
	// agree within a second or so.
	Deadline time.Time `json:"deadline"`
}

// TextReply answers a TextRequest: a vector of unit length, or an error code.
type TextReply struct {
	Error  string    `json:"error,omitempty"` // ReplyNoModel, or empty
	Model  Model     `json:"model"`
	Vector []float32 `json:"vector,omitempty"`
}

// ReplyNoModel is the error of a process without a model.
const ReplyNoModel = "no_model"

// EmbedImage is the job, for the ml process, to embed one picture.
type EmbedImage struct {
	MediaID    string `json:"media_id"`
	Model      string `json:"model"`
	StorageKey string `json:"storage_key"` // of the preview
}

// Kind implements jobs.Job.
func (EmbedImage) Kind() string { return "embed_image" }

// StoreEmbedding is the job, for a worker, to store what came of it.
type StoreEmbedding struct {
	MediaID string    `json:"media_id"`
	Model   string    `json:"model"`
	Vector  []float32 `json:"vector"`
}

// Kind implements jobs.Job.
func (StoreEmbedding) Kind() string { return "store_embedding" }

// ErrNoModel reports an ml process that has no model: search by meaning is off.
var ErrNoModel = errors.New("the ml process has no model")

// ErrUnavailable reports that no ml process answers, or none in time.
var ErrUnavailable = errors.New("the ml process does not answer")
