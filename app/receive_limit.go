package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// sizeLimit is how large a file may be, and why not larger.
type sizeLimit struct {
	bytes int64
	quota bool // it is what is left of the user's space
	guest bool // the sender is a guest, who need not know how much space the user has
	link  bool // it is what is left of the space of a share link
}

func (l sizeLimit) exceeded(filename string) *Error {
	key := "receive.too_large"
	switch {
	case l.quota && l.guest:
		return &Error{Code: CodeTooLarge, Key: "receive.guest_full", Args: fileArgs(filename)}
	case l.quota:
		key = "receive.quota"
	case l.link:
		key = "receive.link_space"
	}
	return &Error{Code: CodeTooLarge, Key: key, Args: fileArgs(filename, "Limit", ByteCount(l.bytes))}
}

// limitFor is the limit for one more file of a user with this usage.
func (a *App) limitFor(quota *int64, used int64) sizeLimit {
	if quota != nil && *quota-used < a.limits.MaxUploadBytes {
		return sizeLimit{bytes: max(0, *quota-used), quota: true}
	}
	return sizeLimit{bytes: a.limits.MaxUploadBytes}
}

// room returns the limit for one more file and refuses at once what announces
// that it is empty or too large.
func (a *App) room(ctx context.Context, owner uuid.UUID, filename string, size int64) (sizeLimit, error) {
	u, err := a.db.UserUsage(ctx, owner)
	if err != nil {
		return sizeLimit{}, fmt.Errorf("load the quota of %s: %w", owner, err)
	}
	limit := a.limitFor(u.QuotaBytes, u.UsedBytes)
	switch {
	case size == 0:
		_, err := sniff(filename, nil)
		return limit, err
	case size > a.limits.MaxUploadBytes:
		return limit, sizeLimit{bytes: a.limits.MaxUploadBytes}.exceeded(filename)
	case size > limit.bytes:
		return limit, limit.exceeded(filename)
	}
	return limit, nil
}

// UploadSpace returns how many bytes of the actor's quota are left, -1 without
// a quota.
func (a *App) UploadSpace(ctx context.Context, actor Actor) (int64, error) {
	owner, err := a.mayReceive(ctx, actor, nil)
	if err != nil {
		return 0, err
	}
	u, err := a.db.UserUsage(ctx, owner)
	if err != nil {
		return 0, fmt.Errorf("load the quota of %s: %w", owner, err)
	}
	if u.QuotaBytes == nil {
		return -1, nil
	}
	return max(0, *u.QuotaBytes-u.UsedBytes), nil
}
