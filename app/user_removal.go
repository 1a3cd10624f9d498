package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

const (
	// removeAlbums bounds how many albums one step gives away, hides or deletes:
	// each refreshes who may see it and what lies below.
	removeAlbums = 20
	// removeItems bounds how many items one step gives away or deletes.
	removeItems = 500
)

// UserDeletion says how an account is to be deleted.
type UserDeletion struct {
	Confirm string    // the e-mail address of the account, typed once more
	Heir    uuid.UUID // who gets albums and items; zero: they are deleted
}

// UserDeleted says how far a deletion has come.
type UserDeleted struct {
	Left bool // the rest goes on in the background
}

// DeleteUser shuts a person out at once and deletes the account with albums,
// items and files, or hands albums and items over first. What the heir has as
// well is kept once, the heir's own. Items of others in albums that are deleted
// stay their owners'. What does not get done within seconds, the workers do.
//
// CodeInvalid names the fields confirm or heir; CodeConflict: one's own account,
// the last administrator, or somebody to whom things are being handed over;
// CodeTooLarge: the heir lacks the space. Only site admins and the system may.
func (a *App) DeleteUser(ctx context.Context, actor Actor, id uuid.UUID, d UserDeletion) (UserDeleted, error) {
	err := a.changeUser(ctx, actor, id, "user.delete", func(q *db.Queries, user db.User) (map[string]any, error) {
		switch {
		case id == actor.UserID():
			return nil, &Error{Code: CodeConflict, Key: "error.delete_self"}
		case !strings.EqualFold(strings.TrimSpace(d.Confirm), user.Email):
			return nil, Invalid("confirm", "error.delete_confirm")
		}
		if err := notLastAdmin(ctx, q, user); err != nil {
			return nil, err
		}
		if heir, err := q.IsHeir(ctx, id); err != nil {
			return nil, fmt.Errorf("ask whether a user is about to be given things: %w", err)
		} else if heir {
			return nil, &Error{Code: CodeConflict, Key: "error.delete_heir"}
		}
		return a.startRemoval(ctx, q, actor, user, d.Heir)
	})
	if err != nil {
		return UserDeleted{}, err
	}
	deleted := UserDeleted{Left: true}
	for end := time.Now().Add(emptyFor); deleted.Left && time.Now().Before(end); {
		_, state, err := a.stepChore(ctx, id, choreRemoveUser)
		if err != nil {
			// It is decided and written down; the workers go on.
			a.log.WarnContext(ctx, "could not go on deleting an account; the workers will", "user", id, "error", err)
			break
		}
		if state == choreBusy {
			break
		}
		deleted.Left = state == choreGoesOn
	}
	return deleted, nil
}

// startRemoval suspends the user and notes what is to be done; the chore does
// it. It returns what the audit log tells.
func (a *App) startRemoval(ctx context.Context, q *db.Queries, actor Actor, user db.User, heirID uuid.UUID) (map[string]any, error) {
	detail := map[string]any{}
	removal := db.AddUserRemovalParams{UserID: user.ID, AskedAt: a.now()}
	if heirID != uuid.Nil {
		heir, err := a.checkHeir(ctx, q, user, heirID)
		if err != nil {
			return nil, err
		}
		removal.HeirID = &heir.ID
		detail["heir"] = heir.Email
	}
	if by := actor.UserID(); by != uuid.Nil {
		removal.AskedBy = &by
	}
	holds, err := q.HoldingsOf(ctx, user.ID)
	if err != nil {
		return nil, fmt.Errorf("count what a user has: %w", err)
	}
	detail["items"], detail["albums"] = holds.Items, holds.Albums
	if err := q.AddUserRemoval(ctx, removal); err != nil {
		return nil, fmt.Errorf("note that an account is to be deleted: %w", err)
	}
	if err := q.AddRemoveUser(ctx, db.AddRemoveUserParams{UserID: user.ID, Asked: a.now()}); err != nil {
		return nil, fmt.Errorf("note that an account is to be deleted: %w", err)
	}
	if _, err := q.DeleteSessionsOf(ctx, &user.ID); err != nil {
		return nil, fmt.Errorf("end the sessions of a user: %w", err)
	}
	if _, err := q.DeleteTokensOf(ctx, user.ID); err != nil {
		return nil, fmt.Errorf("revoke the tokens of a user: %w", err)
	}
	if err := q.SetUserAdmin(ctx, db.SetUserAdminParams{ID: user.ID}); err != nil {
		return nil, fmt.Errorf("store that a user is no administrator: %w", err)
	}
	now := a.now()
	return detail, setSuspended(ctx, q, user.ID, &now)
}

// checkHeir loads who gets the items and makes sure that there is space for them.
func (a *App) checkHeir(ctx context.Context, q *db.Queries, user db.User, heirID uuid.UUID) (db.User, error) {
	heir, err := q.LockUser(ctx, heirID)
	if err != nil && !db.IsNotFound(err) {
		return db.User{}, fmt.Errorf("load an account: %w", err)
	}
	if err != nil || heir.ID == user.ID || heir.SuspendedAt != nil {
		return db.User{}, Invalid("heir", "error.heir_unknown")
	}
	if heir.QuotaBytes == nil {
		return heir, nil
	}
	wanted, err := q.BytesToGive(ctx, db.BytesToGiveParams{OwnerID: user.ID, HeirID: heir.ID})
	if err != nil {
		return db.User{}, fmt.Errorf("add up what is to be handed over: %w", err)
	}
	if free := *heir.QuotaBytes - heir.UsedBytes; wanted > free {
		return db.User{}, &Error{Code: CodeTooLarge, Key: "error.heir_quota", Args: map[string]any{
			"Bytes": ByteCount(wanted), "Free": ByteCount(max(0, free)),
		}}
	}
	return heir, nil
}

// removeUserStep does a part of a deletion: first nobody sees the albums any
// more (or they are the heir's), then the items, then what is empty, then the
// account.
func (a *App) removeUserStep(ctx context.Context, q *db.Queries, c db.Chore) (n int, done bool, err error) {
	removal, err := q.UserRemoval(ctx, c.UserID)
	if err != nil {
		return 0, false, fmt.Errorf("load what is to be deleted: %w", err)
	}
	steps := []func(context.Context, *db.Queries, db.UserRemoval) (int, error){a.hideAlbums, a.deleteItemsOf, a.emptyAlbums, a.deleteAlbumsOf}
	if removal.HeirID != nil {
		steps = []func(context.Context, *db.Queries, db.UserRemoval) (int, error){a.giveAlbums, a.giveItems}
	}
	for _, step := range steps {
		if n, err := step(ctx, q, removal); err != nil || n > 0 {
			return n, false, err
		}
	}
	return a.deleteAccount(ctx, q, c.UserID)
}

func (a *App) hideAlbums(ctx context.Context, q *db.Queries, r db.UserRemoval) (int, error) {
	ids, err := q.LockVisibleAlbumsOf(ctx, db.LockVisibleAlbumsOfParams{OwnerID: r.UserID, N: removeAlbums})
	if err != nil || len(ids) == 0 {
		return 0, wrap(err, "list the albums of a user")
	}
	return len(ids), wrap(q.TrashAlbums(ctx, db.TrashAlbumsParams{Ids: ids, Now: a.now()}), "hide the albums of a user")
}

func (a *App) deleteItemsOf(ctx context.Context, q *db.Queries, r db.UserRemoval) (int, error) {
	items, err := q.LockMediaOf(ctx, db.LockMediaOfParams{OwnerID: r.UserID, N: removeItems})
	if err != nil || len(items) == 0 {
		return 0, wrap(err, "list the items of a user")
	}
	ids := make([]uuid.UUID, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	return len(ids), deleteItems(ctx, q, ids)
}

// emptyAlbums takes what others put there out, in bounded steps: deleting an
// album would do it in one.
func (a *App) emptyAlbums(ctx context.Context, q *db.Queries, r db.UserRemoval) (int, error) {
	ids, err := q.LockMediaInAlbums(ctx, db.LockMediaInAlbumsParams{OwnerID: r.UserID, N: removeItems})
	if err != nil || len(ids) == 0 {
		return 0, wrap(err, "list what others have in the albums of a user")
	}
	return len(ids), wrap(q.TakeOutOfAlbums(ctx, db.TakeOutOfAlbumsParams{Ids: ids, Now: a.now()}), "empty the albums of a user")
}

func (a *App) deleteAlbumsOf(ctx context.Context, q *db.Queries, r db.UserRemoval) (int, error) {
	ids, err := q.LockAlbumsOf(ctx, db.LockAlbumsOfParams{OwnerID: r.UserID, N: removeAlbums})
	if err != nil || len(ids) == 0 {
		return 0, wrap(err, "list the albums of a user")
	}
	if err := q.ForgetAlbumsInCases(ctx, ids); err != nil {
		return 0, fmt.Errorf("forget albums in what was reported: %w", err)
	}
	if err := q.DeleteAlbums(ctx, ids); err != nil {
		return 0, fmt.Errorf("delete the albums of a user: %w", err)
	}
	return len(ids), wrap(q.ForgetEmptyCounts(ctx, ids), "forget the counters of albums")
}

func (a *App) giveAlbums(ctx context.Context, q *db.Queries, r db.UserRemoval) (int, error) {
	ids, err := q.LockAlbumsOf(ctx, db.LockAlbumsOfParams{OwnerID: r.UserID, N: removeAlbums})
	if err != nil || len(ids) == 0 {
		return 0, wrap(err, "list the albums of a user")
	}
	if err := q.DropGrantsOfOn(ctx, db.DropGrantsOfOnParams{UserID: *r.HeirID, Ids: ids}); err != nil {
		return 0, fmt.Errorf("drop what an heir was granted: %w", err)
	}
	return len(ids), wrap(q.GiveAlbums(ctx, db.GiveAlbumsParams{OwnerID: *r.HeirID, Ids: ids, Now: a.now()}), "hand albums over")
}

// giveItems hands items over. What the heir has as well is kept once.
func (a *App) giveItems(ctx context.Context, q *db.Queries, r db.UserRemoval) (int, error) {
	// Uploads of the heir wait, so that none of them is of an item in hand.
	if _, err := q.LockUserUsage(ctx, *r.HeirID); err != nil {
		return 0, fmt.Errorf("lock the account of an heir: %w", err)
	}
	items, err := q.LockMediaOf(ctx, db.LockMediaOfParams{OwnerID: r.UserID, N: removeItems})
	if err != nil || len(items) == 0 {
		return 0, wrap(err, "list the items of a user")
	}
	ids := make([]uuid.UUID, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	twins, err := q.SamePictures(ctx, db.SamePicturesParams{HeirID: *r.HeirID, Ids: ids})
	if err != nil {
		return 0, fmt.Errorf("look for items that an heir has as well: %w", err)
	}
	twice := make([]uuid.UUID, 0, len(twins))
	for _, t := range twins {
		keep := db.KeepOneOfTwoParams{ID: t.ID, KeptID: t.KeptID, Now: a.now()}
		if err := q.KeepOneOfTwo(ctx, keep); err != nil {
			return 0, fmt.Errorf("keep one of two items: %w", err)
		}
		if err := q.KeepFavourites(ctx, db.KeepFavouritesParams{ID: t.ID, KeptID: t.KeptID}); err != nil {
			return 0, fmt.Errorf("keep the favourites of an item: %w", err)
		}
		twice = append(twice, t.ID)
	}
	if err := deleteItems(ctx, q, twice); err != nil {
		return 0, err
	}
	err = q.GiveMedia(ctx, db.GiveMediaParams{OwnerID: r.UserID, HeirID: *r.HeirID, Ids: ids, Now: a.now()}) // of those that are left
	return len(ids), wrap(err, "hand items over")
}

// deleteAccount is the last step. An upload that was still running may have
// brought something since; then there is more to do.
func (a *App) deleteAccount(ctx context.Context, q *db.Queries, id uuid.UUID) (int, bool, error) {
	user, err := q.LockUser(ctx, id)
	if err != nil {
		return 0, false, fmt.Errorf("lock an account: %w", err)
	}
	if left, err := q.OwnsAnything(ctx, id); err != nil || left {
		return 0, false, wrap(err, "ask whether a user still has anything")
	}
	emails, err := a.forgetPerson(ctx, q, user)
	if err != nil {
		return 0, false, err
	}
	if err := q.DeleteUser(ctx, id); err != nil {
		return 0, false, fmt.Errorf("delete an account: %w", err)
	}
	err = a.audit(ctx, q, SystemActor(), auditEvent{Action: "user.erase", Kind: "user", Object: id, Subject: id})
	if err != nil {
		return 0, false, err
	}
	return 1, true, a.eraseAudit(ctx, q, user, emails) // last, so that it finds everything
}

// wrap says what was being done, where there is an error.
func wrap(err error, doing string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
