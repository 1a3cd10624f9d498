// Package ml is what the web and worker processes know of the ml process: the
// names, payloads and Redis keys that they share with it, and a client. The
// two sides meet in Redis only.
package ml

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"
)

// Prefix is the prefix of the keys in Redis.
const Prefix = "albumen:ml"

// Keys are the names of things in Redis under a prefix, see Prefix.
type Keys struct{ Prefix string }

// Text is the list of TextRequests for one model, see ModelKey; the ml
// processes that have it block on it, so that a search never waits behind a
// batch of pictures.
func (k Keys) Text(modelKey string) string { return k.Prefix + ":text:" + modelKey }

// Reply is the list on which the answer to one request is left.
func (k Keys) Reply(id string) string { return k.Prefix + ":reply:" + id }

// Status holds the Status of one ml process, as JSON; it expires.
func (k Keys) Status(process string) string { return k.Prefix + ":status:" + process }

// Taken counts how often an attempt at a picture was begun; it expires.
func (k Keys) Taken(e EmbedImage) string {
	return k.Prefix + ":taken:" + ModelKey(e.Model) + ":" + e.MediaID + ":" + strconv.Itoa(e.Attempt)
}

// Processes is the set of the names of ml processes, of dead ones too.
func (k Keys) Processes() string { return k.Prefix + ":processes" }

// How a status is kept.
const (
	StatusEvery = 5 * time.Second
	StatusLives = 15 * time.Second
)

// Model names a model and the length of its vectors.
type Model struct {
	// ID is Name@fingerprint, so that vectors of different weights never mix;
	// empty: none is loaded.
	ID        string `json:"id"`
	Name      string `json:"name"` // as CLIP_MODEL has it; the base name of a folder
	Dimension int    `json:"dimension"`
	// Random says that the weights were never trained: for tests and the
	// demonstration only, and what is found is found by chance.
	Random bool `json:"random,omitempty"`
}

// ModelID is the ID of the model of a name and a fingerprint.
func ModelID(name, fingerprint string) string { return name + "@" + fingerprint }

// ModelKey is the short form of a model's ID in Redis keys and queue names.
func ModelKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:6])
}

// State says what an ml process can do.
type State string

// The states. All but StateReady embed nothing, for now.
const (
	StateNoModel  State = "no_model" // and could not get it; tries again
	StateFetching State = "fetching"
	StateLoading  State = "loading"
	StateReady    State = "ready"
	StateFailed   State = "failed" // the model is there and cannot be used
)

// Codes of Detail.
const (
	DetailOffline = "offline"    // the model cannot be fetched over the network
	DetailRefused = "refused"    // the source answers, but does not have the model, or has a wrong one
	DetailDisk    = "disk"       // what was fetched cannot be written
	DetailFolder  = "bad_folder" // the model's folder lacks something or holds something wrong
	DetailMemory  = "memory"     // it cannot be loaded for lack of memory, or for another reason of the machine's
	DetailDevice  = "device"     // the device that is asked for is not there
)

// Detail says why a model is not there, and what to do.
type Detail struct {
	Code string `json:"code"` // one of the above
	Text string `json:"text"` // English, whole sentences, for logs and administrators
}

// Status is what an ml process says about itself.
type Status struct {
	Process string    `json:"process"` // tells processes apart, see Keys.Status
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	State   State     `json:"state"`
	Model   Model     `json:"model"` // Name is what is wanted while State is not ready
	Since   time.Time `json:"since"` // start of the process
	Device  string    `json:"device"`
	Detail  *Detail   `json:"detail,omitempty"`
	// Fetched of FetchTotal bytes have come; zero outside StateFetching.
	Fetched    int64 `json:"fetched,omitempty"`
	FetchTotal int64 `json:"fetch_total,omitempty"`
	// Images were embedded since the start; the rate is that of the last minute.
	Images          int64   `json:"images"`
	ImagesPerSecond float64 `json:"images_per_second"`
	// Expected is how many images a second the process can do, by one that
	// it tried when it loaded the model; 0: it does not know.
	Expected float64 `json:"expected_images_per_second,omitempty"`
}

// MaxTextBytes bounds the text of a request; clients cut, models look at much
// less.
const MaxTextBytes = 4096

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
	Error  string `json:"error,omitempty"` // ReplyInvalid, ReplyInternal, or empty
	Model  Model  `json:"model"`
	Vector []byte `json:"vector,omitempty"` // see EncodeVector
}

// Errors of a TextReply.
const (
	ReplyInvalid  = "invalid"  // the text is too long
	ReplyInternal = "internal" // the log of the ml process says why
)

// EmbedImage is the job, for an ml process, to embed one picture.
type EmbedImage struct {
	MediaID    string `json:"media_id"`
	Model      string `json:"model"`       // Model.ID
	StorageKey string `json:"storage_key"` // of the preview
	Attempt    int    `json:"attempt"`     // comes back in StoreEmbedding
}

// Kind implements jobs.Job: there is a queue for each model, of which only the
// processes that have the model take.
func (e EmbedImage) Kind() string { return EmbedImageKind(e.Model) }

// EmbedImageKind is the kind of the EmbedImage jobs of a model.
func EmbedImageKind(modelID string) string { return "embed_image:" + ModelKey(modelID) }

// StoreEmbedding is the job, for a worker, to store what came of it.
type StoreEmbedding struct {
	MediaID string `json:"media_id"`
	Model   string `json:"model"` // Model.ID
	Attempt int    `json:"attempt"`
	Vector  []byte `json:"vector,omitempty"` // of unit length, see EncodeVector
	Error   string `json:"error,omitempty"`  // a code of the following; empty where Vector is set
	Reason  string `json:"reason,omitempty"` // English, for the log
}

// Codes of StoreEmbedding.Error.
const (
	EmbedDecode   = "decode"   // the preview is no picture that can be read
	EmbedMissing  = "missing"  // there is no preview under the key
	EmbedInternal = "internal" // another try may do better
	EmbedCrashed  = "crashed"  // the ml process that had it in hand died; likewise
)

// Kind implements jobs.Job.
func (StoreEmbedding) Kind() string { return "store_embedding" }

// ErrNoModel reports that ml processes run, but none has the model ready:
// search goes on without meaning. Client.Status says why.
var ErrNoModel = errors.New("no ml process has the model ready")

// ErrUnavailable reports that no ml process answers, or none in time.
var ErrUnavailable = errors.New("the ml process does not answer")
