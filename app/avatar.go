package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/media"
)

// AvatarEdge is the side of an avatar in pixels, and MaxAvatarBytes the largest
// file that one is made of.
const (
	AvatarEdge     = 256
	MaxAvatarBytes = 20 << 20
)

// Pictures makes small pictures of files of strangers; *media.Rasters is the
// real one.
type Pictures interface {
	// Square returns the middle of a still as WebP, or a *media.ProcessError
	// where the file is to blame.
	Square(ctx context.Context, path string, t media.Type, edge int) ([]byte, error)
}

// SetAvatar makes the middle of a picture the actor's avatar. CodeInvalid names
// the field avatar when it is too large or no picture that can be read.
func (a *App) SetAvatar(ctx context.Context, actor Actor, picture io.Reader) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	if !actor.SignedIn() { // the system has no face
		return Unauthenticated()
	}
	if err := a.attempts.Take(ctx, Limit{"avatar " + actor.UserID().String(), 20, time.Hour}); err != nil {
		return err
	}
	square, err := a.square(ctx, picture)
	if err != nil {
		return err
	}
	key := "avatars/" + newID().String()
	if err := a.reserveObject(ctx, key); err != nil {
		return err
	}
	if _, err := a.storage.Put(ctx, key, bytes.NewReader(square)); err != nil {
		a.dropObjects(ctx, key)
		return fmt.Errorf("store an avatar: %w", err)
	}
	return a.changeAvatar(ctx, actor, &key)
}

// RemoveAvatar leaves the actor's initials.
func (a *App) RemoveAvatar(ctx context.Context, actor Actor) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	return a.changeAvatar(ctx, actor, nil)
}

// changeAvatar points to a reserved object, or to none. What was there before is
// deleted by the sweeper, as the trigger on users asks.
func (a *App) changeAvatar(ctx context.Context, actor Actor, key *string) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if key != nil {
			if err := keepObject(ctx, q, *key); err != nil {
				return err
			}
		}
		if err := q.SetUserAvatar(ctx, db.SetUserAvatarParams{ID: actor.UserID(), AvatarKey: key}); err != nil {
			return fmt.Errorf("store an avatar: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{
			Action: "user.avatar", Kind: "user", Object: actor.UserID(), Detail: map[string]any{"after": key != nil},
		})
	})
}

// square decodes a file of a stranger, in a child process.
func (a *App) square(ctx context.Context, picture io.Reader) ([]byte, error) {
	file, err := os.CreateTemp("", "albumen-avatar-*")
	if err != nil {
		return nil, fmt.Errorf("receive an avatar: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // the system's folder for such files
	defer file.Close()           //nolint:errcheck // it is thrown away
	n, err := io.Copy(file, io.LimitReader(picture, MaxAvatarBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("receive an avatar: %w", err)
	case n == 0:
		return nil, Invalid("avatar", "error.avatar_missing")
	case n > MaxAvatarBytes:
		return nil, Invalid("avatar", "error.avatar_large")
	}
	head := make([]byte, min(n, media.SniffLen))
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read an avatar: %w", err)
	}
	t, err := media.Sniff(head)
	if err != nil || !t.Decodable {
		return nil, Invalid("avatar", "error.avatar_type")
	}
	square, err := a.pictures.Square(ctx, file.Name(), t, AvatarEdge)
	if bad, ok := errors.AsType[*media.ProcessError](err); ok {
		return nil, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: map[string]string{"avatar": "error.avatar_broken"}, Err: bad}
	}
	if err != nil {
		return nil, fmt.Errorf("make an avatar: %w", err)
	}
	return square, nil
}

// Avatar returns the picture of a user, for whoever is signed in. CodeNotFound
// when there is none.
func (a *App) Avatar(ctx context.Context, actor Actor, id uuid.UUID) (Object, error) {
	if err := actor.allow(ViewPeople); err != nil {
		return Object{}, err
	}
	user, err := a.db.UserByID(ctx, id)
	if err != nil && !db.IsNotFound(err) {
		return Object{}, fmt.Errorf("load user %s: %w", id, err)
	}
	if err != nil || user.AvatarKey == nil {
		return Object{}, NotFound("picture")
	}
	info, err := a.storage.Stat(ctx, *user.AvatarKey)
	if err != nil {
		return Object{}, fmt.Errorf("look at an avatar: %w", err)
	}
	return Object{
		MIME: "image/webp", Bytes: info.Bytes, ETag: AvatarVersion(user), Modified: info.Modified, store: a.storage, key: *user.AvatarKey,
	}, nil
}

// AvatarVersion changes with the user's avatar; "" when there is none.
func AvatarVersion(u db.User) string {
	if u.AvatarKey == nil {
		return ""
	}
	return strings.TrimPrefix(*u.AvatarKey, "avatars/")
}
