package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/media"
)

// Incoming is one file on its way in.
type Incoming struct {
	Filename string     // as the sender calls it; corrected before it is kept
	AlbumID  *uuid.UUID // nil: in no album
	Modified *time.Time // the file's time stamp, where the sender knows it
	Size     int64      // -1: unknown; otherwise Body must have exactly as many bytes
	Body     io.Reader
	// Album, if set, is asked for AlbumID once Body has been read: in a form it
	// may come after the file.
	Album func() (*uuid.UUID, error)
}

// ReceiveOutcome says what became of a file.
type ReceiveOutcome string

// The outcomes of a file that was not refused.
const (
	OutcomeCreated   ReceiveOutcome = "created"
	OutcomeDuplicate ReceiveOutcome = "duplicate" // the owner has these bytes already; the item stays where it is
	OutcomeRestored  ReceiveOutcome = "restored"  // the same, and it came back from the trash
)

// Received is the answer to a file that was not refused.
type Received struct {
	Outcome ReceiveOutcome
	Media   db.Media

	repaired bool // the storage had lost the original; these bytes took its place
}

// original is a file whose bytes have been judged and counted.
type original struct {
	Incoming
	typ    media.Type
	owner  uuid.UUID
	guest  *guest // who sends it, where that is not its owner
	key    string // where the object lies; reserved
	id     uuid.UUID
	bytes  int64
	sha256 []byte
}

// ReceiveMedia streams a file into the actor's photos; nothing is held in
// memory whole. The item is pending until a worker has seen it.
//
// Codes: CodeUnsupported for what Albumen does not keep, CodeTooLarge over the
// limit or the quota, CodeInvalid for a body that breaks off, CodeUnavailable
// when the storage does not take it. After an error nothing stays behind.
func (a *App) ReceiveMedia(ctx context.Context, actor Actor, in Incoming) (Received, error) {
	owner, err := a.mayReceive(ctx, actor, in.AlbumID)
	if err != nil {
		return Received{}, err
	}
	limit, err := a.room(ctx, owner, in.Filename, in.Size)
	if err != nil {
		return Received{}, err
	}
	return a.receive(ctx, actor, original{Incoming: in, owner: owner}, limit)
}

// receive judges, stores and adds what comes in for an owner.
func (a *App) receive(ctx context.Context, actor Actor, o original, limit sizeLimit) (Received, error) {
	in := o.Incoming
	body := newIntake(in.Body, limit)
	head, err := body.head(media.SniffLen)
	if err != nil {
		return Received{}, receiveError(in, body, limit, err)
	}
	if o.typ, err = sniff(in.Filename, head); err != nil {
		return Received{}, err
	}
	o.id = newID()
	if err := a.store(ctx, &o, body, limit); err != nil {
		return Received{}, err
	}
	if in.Album != nil {
		if o.AlbumID, err = in.Album(); err != nil {
			a.dropObjects(ctx, o.key)
			return Received{}, err
		}
	}
	return a.addOriginal(ctx, actor, o, nil)
}

// mayReceive decides who may add to the album and returns whose the item will be.
func (a *App) mayReceive(ctx context.Context, actor Actor, album *uuid.UUID) (uuid.UUID, error) {
	if err := actor.allow(Upload); err != nil {
		return uuid.Nil, err
	}
	if !actor.SignedIn() { // the system owns no photos
		return uuid.Nil, &Error{Code: CodeUnauthenticated, Key: "error.unauthenticated"}
	}
	if album != nil {
		if _, _, err := a.authorizeAlbum(ctx, actor, AddToAlbum, *album); err != nil {
			return uuid.Nil, err
		}
	}
	return actor.UserID(), nil
}

// store streams the body to its final key, hashing and counting on the way.
func (a *App) store(ctx context.Context, o *original, body *intake, limit sizeLimit) error {
	o.key = "media/" + o.id.String()
	if err := a.reserveObject(ctx, o.key); err != nil {
		return err
	}
	_, err := a.storage.Put(ctx, o.key, body)
	o.bytes, o.sha256 = body.n, body.sum.Sum(nil)
	if err == nil && o.Size >= 0 && o.bytes != o.Size {
		err = errWrongSize
	}
	if err != nil {
		a.dropObjects(ctx, o.key)
		return receiveError(o.Incoming, body, limit, err)
	}
	return nil
}

// takenAt is the provisional date, until a worker has read the metadata.
func (a *App) takenAt(in Incoming) (at time.Time, source string) {
	if in.Modified != nil && in.Modified.Year() >= 1900 && in.Modified.Before(a.now().Add(24*time.Hour)) {
		return *in.Modified, media.SourceFileMtime
	}
	return a.now(), "uploaded"
}

func sniff(filename string, head []byte) (media.Type, error) {
	typ, err := media.Sniff(head)
	if err != nil {
		return typ, refusal(filename, err)
	}
	return typ, nil
}

func fileArgs(filename string, pairs ...any) map[string]any {
	args := map[string]any{"File": showName(filename)}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return args
}
