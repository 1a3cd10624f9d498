package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// The kinds of chores: work on all of a person's items, step by step, each
// step a transaction that moves the chore's row along, so that any process can
// go on where another one stopped.
const (
	choreEmptyTrash = "empty_trash"
	choreReindex    = "reindex"     // after a change of language
	choreRemoveUser = "remove_user" // with all that the person has, or after handing it over
)

// choreState is what a step leaves.
type choreState int

const (
	choreGoesOn choreState = iota
	choreDone              // or there was none
	choreBusy              // another process is at it
)

// stepChore does a step and returns how many items it did.
func (a *App) stepChore(ctx context.Context, user uuid.UUID, kind string) (n int, state choreState, err error) {
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, state = 0, choreGoesOn
		c, err := q.LockChore(ctx, db.LockChoreParams{UserID: user, Kind: kind})
		if db.IsNotFound(err) {
			state, err = a.choreUnlocked(ctx, q, user, kind)
			return err
		}
		if err != nil {
			return fmt.Errorf("take the chore %s: %w", kind, err)
		}
		step := map[string]func(context.Context, *db.Queries, db.Chore) (int, bool, error){
			choreEmptyTrash: a.emptyTrashStep, choreReindex: a.reindexStep, choreRemoveUser: a.removeUserStep,
		}[kind]
		done := false
		if n, done, err = step(ctx, q, c); err != nil || !done {
			return err
		}
		state = choreDone
		if err := q.EndChore(ctx, db.EndChoreParams{UserID: user, Kind: kind}); err != nil {
			return fmt.Errorf("end the chore %s: %w", kind, err)
		}
		return nil
	})
	return n, state, err
}

// choreUnlocked tells a chore that is done from one that somebody else has.
func (a *App) choreUnlocked(ctx context.Context, q *db.Queries, user uuid.UUID, kind string) (choreState, error) {
	switch _, err := q.ChoreAsked(ctx, db.ChoreAskedParams{UserID: user, Kind: kind}); {
	case db.IsNotFound(err):
		return choreDone, nil
	case err != nil:
		return choreBusy, fmt.Errorf("look for the chore %s: %w", kind, err)
	}
	return choreBusy, nil
}

// DoChores goes on with everybody's chores and with removing models, a step of
// each in turn, until none is left that no other process is at. One that fails
// is left for the next time, and the others go on. It returns about how many
// items it did. Only the system may.
func (a *App) DoChores(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	did := 0
	var errs []error
	failed := map[db.ChoresRow]bool{}
	left := []int32{} // models that cannot be removed now
	for {
		chores, err := a.db.Chores(ctx)
		if err != nil {
			return did, errors.Join(append(errs, fmt.Errorf("list the chores: %w", err))...)
		}
		moved := false
		for _, c := range chores {
			if failed[c] {
				continue
			}
			n, state, err := a.stepChore(ctx, c.UserID, c.Kind)
			if err != nil {
				failed[c], errs = true, append(errs, fmt.Errorf("go on with the chore %s of %s: %w", c.Kind, c.UserID, err))
				continue
			}
			did += n
			moved = moved || state == choreGoesOn
		}
		model, n, state, err := a.removeModelStep(ctx, left)
		did += n
		switch {
		case err != nil && model == 0:
			return did, errors.Join(append(errs, err)...)
		case err != nil:
			left, errs = append(left, model), append(errs, err)
		case state == choreBusy:
			left = append(left, model)
		}
		if !moved && state == choreDone {
			return did, errors.Join(errs...)
		}
	}
}

// reindexBatch is how many items are indexed anew at a time: well under a second.
const reindexBatch = 200

// reindexStep indexes the texts of some items in the language that their owner
// has now. Doing so twice changes nothing.
func (a *App) reindexStep(ctx context.Context, q *db.Queries, c db.Chore) (int, bool, error) {
	last, err := q.SearchAgain(ctx, db.SearchAgainParams{OwnerID: c.UserID, After: c.After, N: reindexBatch})
	if err != nil {
		return 0, false, fmt.Errorf("index items anew: %w", err)
	}
	if last == uuid.Nil {
		return 0, true, nil
	}
	err = q.SetChorePlace(ctx, db.SetChorePlaceParams{UserID: c.UserID, Kind: c.Kind, After: last})
	if err != nil {
		return 0, false, fmt.Errorf("note the place: %w", err)
	}
	return reindexBatch, false, nil
}
