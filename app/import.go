package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/media"
)

// ImportOutcome says what became of one file of a folder.
type ImportOutcome string

// The outcomes. In a dry run, OutcomeCreated means that it would be.
const (
	ImportCreated   ImportOutcome = "created"
	ImportDuplicate ImportOutcome = "duplicate" // the owner has these bytes already
	ImportRestored  ImportOutcome = "restored"  // the same, and it came back from the trash
	ImportRefused   ImportOutcome = "refused"   // not something Albumen keeps, or over a limit
	ImportFailed    ImportOutcome = "failed"    // could not be read
)

// Imported is one file that has been dealt with.
type Imported struct {
	File    ImportFile
	Outcome ImportOutcome
	MediaID uuid.UUID // zero when refused, failed, or in a dry run
	Err     error     // why it was refused or failed
}

// Import is a folder on its way into a user's photos.
type Import struct {
	// Folder is what PlanImport found.
	Folder ImportPlan
	// DryRun looks at every file and stores none.
	DryRun bool
	// Report is told of every file that has been dealt with.
	Report func(Imported)
	// Waiting is told when a part of the service is away, before each pause.
	Waiting func(error)
}

// importPatience is how long one file is tried while a part of the service is
// away, before the import stops.
const importPatience = time.Minute

// ImportFolder brings the planned files in, in order. It may be stopped and
// run again at any time: what is there already is found by its content. Errors
// of single files are reported; the returned one means that it stopped early.
func (a *App) ImportFolder(ctx context.Context, actor Actor, in Import) error {
	owner, err := a.mayReceive(ctx, actor, nil)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(in.Folder.Dir)
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	defer root.Close()
	known, err := a.db.OwnsAnyMedia(ctx, owner)
	if err != nil {
		return fmt.Errorf("look for photos of the owner: %w", err)
	}
	one := importer{a, actor, root, in, known, map[[sha256.Size]byte]bool{}}
	for _, f := range in.Folder.Files {
		done, err := one.patiently(ctx, f)
		if err != nil {
			return fmt.Errorf("stopped at %s: %w", f.Path, err)
		}
		in.Report(done)
	}
	return nil
}

// importer brings in one file after another.
type importer struct {
	app   *App
	actor Actor
	root  *os.Root
	in    Import
	// known: the owner had photos before, so that looking before storing pays.
	known bool
	seen  map[[sha256.Size]byte]bool // in a dry run
}

// patiently tries again while the fault is not the file's.
func (i importer) patiently(ctx context.Context, f ImportFile) (Imported, error) {
	pause, deadline := 500*time.Millisecond, time.Now().Add(importPatience)
	for {
		done, err := i.one(ctx, f)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return done, err
		}
		i.in.Waiting(err)
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 8*time.Second)
	}
}

// one deals with one file. The error is not about the file.
func (i importer) one(ctx context.Context, f ImportFile) (Imported, error) {
	file, err := i.root.Open(f.Path)
	if err != nil {
		return Imported{File: f, Outcome: ImportFailed, Err: err}, nil
	}
	defer file.Close()
	if i.in.DryRun || i.known {
		done, decided, err := i.look(ctx, f, file)
		if decided || err != nil {
			return i.judge(f, done, err)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return Imported{File: f, Outcome: ImportFailed, Err: err}, nil
		}
	}
	got, err := i.app.ReceiveMedia(ctx, i.actor, Incoming{Filename: f.name(), Modified: &f.Modified, Size: f.Bytes, Body: file})
	return i.judge(f, Imported{Outcome: ImportOutcome(got.Outcome), MediaID: got.Media.ID}, err)
}

// judge tells the file's own faults from those of the service.
func (i importer) judge(f ImportFile, done Imported, err error) (Imported, error) {
	done.File = f
	switch CodeOf(err) {
	case CodeUnsupported, CodeTooLarge:
		return Imported{File: f, Outcome: ImportRefused, Err: err}, nil
	case CodeInvalid:
		return Imported{File: f, Outcome: ImportFailed, Err: err}, nil
	}
	return done, err
}

// look reads the file without storing it. It decides in a dry run, and where
// the owner has the file already.
func (i importer) look(ctx context.Context, f ImportFile, file io.Reader) (Imported, bool, error) {
	if _, err := i.app.room(ctx, i.actor.UserID(), f.name(), f.Bytes); err != nil {
		return Imported{}, true, err
	}
	sum := sha256.New()
	head := make([]byte, media.SniffLen)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Imported{Outcome: ImportFailed, Err: err}, true, nil
	}
	if _, err := sniff(f.name(), head[:n]); err != nil {
		return Imported{}, true, err
	}
	sum.Write(head[:n])
	if _, err := io.Copy(sum, file); err != nil {
		return Imported{Outcome: ImportFailed, Err: err}, true, nil
	}
	m, err := i.app.db.MediaBySHA256(ctx, db.MediaBySHA256Params{OwnerID: i.actor.UserID(), Sha256: sum.Sum(nil)})
	switch {
	case err != nil && !db.IsNotFound(err):
		return Imported{}, false, fmt.Errorf("look for a duplicate: %w", err)
	case err == nil && m.TrashedAt == nil:
		return Imported{Outcome: ImportDuplicate, MediaID: m.ID}, true, nil
	case err == nil:
		return Imported{Outcome: ImportRestored, MediaID: m.ID}, i.in.DryRun, nil
	case !i.in.DryRun:
		return Imported{}, false, nil
	}
	hash := [sha256.Size]byte(sum.Sum(nil))
	if i.seen[hash] {
		return Imported{Outcome: ImportDuplicate}, true, nil
	}
	i.seen[hash] = true
	return Imported{Outcome: ImportCreated}, true, nil
}

// ImportState is how far processing an item has come.
type ImportState struct {
	ID       uuid.UUID
	Filename string
	Status   db.MediaStatus
	Code     string // of the failure
	Reason   string // of the failure, in plain English
}

// ImportStates returns the states of items of the actor's own; those that are
// gone are left out.
func (a *App) ImportStates(ctx context.Context, actor Actor, ids []uuid.UUID) ([]ImportState, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	rows, err := a.db.MediaStates(ctx, db.MediaStatesParams{OwnerID: actor.UserID(), Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("look at the imported items: %w", err)
	}
	states := make([]ImportState, len(rows))
	for i, r := range rows {
		states[i] = ImportState{ID: r.ID, Filename: r.Filename, Status: r.Status, Code: r.ErrorCode, Reason: r.Error}
	}
	return states, nil
}
