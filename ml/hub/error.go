package hub

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Kind is a code for what went wrong; messages hang on it.
type Kind string

// The kinds.
const (
	KindName      Kind = "name"       // not the name of a model
	KindAddress   Kind = "address"    // CLIP_MODEL_URL is no address
	KindNetwork   Kind = "network"    // the hub cannot be reached
	KindNotFound  Kind = "not_found"  // the hub has no such model, or not all of its files
	KindGated     Kind = "gated"      // the hub wants an account
	KindNoWeights Kind = "no_weights" // the model is not published as safetensors
	KindChecksum  Kind = "checksum"   // what came is not what was published
	KindTooLarge  Kind = "too_large"  // a file is longer than announced or allowed
	KindDisk      Kind = "disk"       // not enough room
	KindFolder    Kind = "folder"     // the folder cannot be written or is in the way
	KindServer    Kind = "server"     // the hub answers with errors or nonsense
	KindRedirect  Kind = "redirect"   // the hub leads to an unsafe address
)

// Error says why a model was not fetched and, in Remedy, what to do. What has come
// stays and is continued by the next Fetch, except for KindChecksum and KindTooLarge.
type Error struct {
	Kind  Kind
	Model string
	File  string // that it concerns; may be empty
	Err   error  // detail; may be nil

	final bool          // asking again at once is of no use
	after time.Duration // how long the server asks to be left alone
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Model != "" {
		b.WriteString("fetch model " + e.Model + ": ")
	}
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	b.WriteString(problems[e.Kind].what)
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", e.Err)
	}
	return b.String() + "; " + e.Remedy()
}

func (e *Error) Unwrap() error { return e.Err }

// Remedy is a plain English sentence, without the stop, that says what to do.
func (e *Error) Remedy() string { return problems[e.Kind].remedy }

const byHand = "download its files on another machine and set CLIP_MODEL to their folder"

var problems = map[Kind]struct{ what, remedy string }{
	KindName:      {"not the name of a model", "set CLIP_MODEL to a name like " + DefaultModel + ", or to a folder by its path"},
	KindAddress:   {"CLIP_MODEL_URL is not an address", "set it to https://HOST, or leave it empty for " + DefaultURL},
	KindNetwork:   {"cannot be reached", "check the network, set CLIP_MODEL_URL to a mirror, or " + byHand},
	KindNotFound:  {"does not exist there", "check the name in CLIP_MODEL against docs/models.md, and that a mirror has the file"},
	KindGated:     {"is only given to people who signed in", "choose another model, or " + byHand},
	KindNoWeights: {"the model is not published as safetensors", "choose another model, or convert this one as docs/models.md shows and set CLIP_MODEL to its folder"},
	KindChecksum:  {"the checksum differs from the published one", "try again; if it happens again, the mirror or the network changes files: use another"},
	KindTooLarge:  {"is larger than announced or allowed", "use another mirror; if the model is meant to be so large, " + byHand},
	KindDisk:      {"not enough room on the disk", "make room, or set CLIP_MODEL_DIR to a folder on a larger disk"},
	KindFolder:    {"the folder cannot be used", "give the user that runs albumen-ml write access to CLIP_MODEL_DIR, and remove an incomplete folder of the model"},
	KindServer:    {"the server does not answer as it should", "try again later, or set CLIP_MODEL_URL to a mirror"},
	KindRedirect:  {"the server leads to an address without https", "use a mirror that stays on https"},
}

// disk makes an error of one that the file system gave.
func disk(name string, err error) *Error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &Error{Kind: KindDisk, File: name, Err: err, final: true}
	}
	return &Error{Kind: KindFolder, File: name, Err: err, final: true}
}

// network makes an error of one that a request gave. The address is left out: it
// may carry a signature or a password.
func network(name string, err error) *Error {
	var ours *Error
	if errors.As(err, &ours) {
		ours.File, ours.final = name, true
		return ours
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return &Error{Kind: KindNetwork, File: name, Err: err}
}
