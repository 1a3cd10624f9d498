package app

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"albumen/db"
)

// LinkUnlockLife is how long a browser need not give the password of a link again.
const LinkUnlockLife = 24 * time.Hour

const (
	linkTokenBytes = 20 // of the HMAC: 32 characters
	linkViewWindow = 30 * time.Minute
	// linkCountPatience is how long counting may take; who looks at an album
	// does not wait for statistics.
	linkCountPatience = 500 * time.Millisecond
)

// Share is an open link as its pages show it.
type Share struct {
	Link
	Name      string
	Password  bool       // it has one, which was given
	ExpiresAt *time.Time // nil: never
}

// linkToken is what the link's address ends with. Only its hash is stored; who
// knows SECRET_KEY can compute it again from the row.
func (a *App) linkToken(l db.ShareLink) string {
	mac := a.derive("share link token", append(l.ID[:], l.Nonce...))
	return base32Lower.EncodeToString(mac[:linkTokenBytes])
}

// OpenLink decides what the holder of a token may do now, in every single
// request, and returns the link as an actor. unlock is what UnlockLink has
// given the browser, or "".
//
// CodeNotFound (not_found.link) for a token that is unknown, and in just the
// same way for a link that is revoked or expired, or whose album is in the
// trash, and where the site has links switched off; CodeUnauthenticated
// (error.link_locked) where the password is missing.
func (a *App) OpenLink(ctx context.Context, token, unlock string) (Actor, Share, error) {
	l, settings, err := a.goodLink(ctx, token)
	if err != nil {
		return Actor{}, Share{}, err
	}
	if l.PasswordHash != "" && !a.unlocks(l, unlock) {
		return Actor{}, Share{}, &Error{Code: CodeUnauthenticated, Key: "error.link_locked"}
	}
	share := Share{
		Link: Link{
			ID: l.ID, AlbumID: l.AlbumID, Download: l.AllowDownload, Strip: l.StripMetadata,
			Upload: l.AllowUpload && settings.GuestUploads, Version: int(l.Version),
		},
		Name: l.Name, Password: l.PasswordHash != "", ExpiresAt: l.ExpiresAt,
	}
	if l.LastUsedAt == nil || a.now().Sub(*l.LastUsedAt) > touchAfter {
		a.countLink(ctx, func(ctx context.Context) error {
			return a.db.TouchLink(ctx, db.TouchLinkParams{ID: l.ID, Now: a.now()})
		})
	}
	return LinkActor(share.Link), share, nil
}

// goodLink finds the link of a token, if it works now.
func (a *App) goodLink(ctx context.Context, token string) (db.ShareLink, SiteSettings, error) {
	settings, err := a.siteSettings(ctx)
	if err != nil {
		return db.ShareLink{}, settings, err
	}
	row, err := a.db.LinkByToken(ctx, hashSecret(token))
	if err != nil && !db.IsNotFound(err) {
		return db.ShareLink{}, settings, fmt.Errorf("look up a link: %w", err)
	}
	if err != nil || !settings.ShareLinks || row.AlbumTrashedAt != nil || linkState(row.ShareLink, a.now()) != LinkGood {
		return db.ShareLink{}, settings, NotFound("link")
	}
	return row.ShareLink, settings, nil
}

// UnlockLink checks the password of a link and returns what the browser shows
// to OpenLink from then on, and until when that is good. Attempts are limited
// by link and address, and by link alone. CodeNotFound as OpenLink,
// CodeUnauthenticated for a wrong password, CodeRateLimited after too many.
func (a *App) UnlockLink(ctx context.Context, token, password string, from netip.Addr) (unlock string, until time.Time, err error) {
	l, _, err := a.goodLink(ctx, token)
	if err != nil {
		return "", time.Time{}, err
	}
	until = a.now().Add(LinkUnlockLife).Truncate(time.Second)
	if l.PasswordHash == "" {
		return a.unlockText(l, until), until, nil
	}
	pair := "link pair " + origin(from) + " " + l.ID.String()
	err = a.attempts.Take(ctx, Limit{pair, 10, signInWindow}, Limit{"link " + l.ID.String(), 100, signInWindow})
	if err != nil {
		return "", time.Time{}, err
	}
	ok, err := a.passwords.matches(ctx, l.PasswordHash, password)
	if err != nil {
		return "", time.Time{}, err
	}
	if !ok {
		return "", time.Time{}, &Error{Code: CodeUnauthenticated, Key: "error.link_password"}
	}
	return a.unlockText(l, until), until, a.attempts.Forget(ctx, pair)
}

// unlockText says until when, and proves that the password of this very link,
// as it is now, was given.
func (a *App) unlockText(l db.ShareLink, until time.Time) string {
	return strconv.FormatInt(until.Unix(), 10) + "." + base32Lower.EncodeToString(a.unlockMAC(l, until.Unix()))
}

func (a *App) unlockMAC(l db.ShareLink, until int64) []byte {
	data := append([]byte{}, l.ID[:]...)
	data = binary.BigEndian.AppendUint32(data, uint32(l.Version))
	data = binary.BigEndian.AppendUint64(data, uint64(until))
	return a.derive("share link unlock", data)
}

// unlocks checks what a browser shows, in the same time whatever is wrong with it.
// The texts are compared, so that there is one text only and no other spelling of it.
func (a *App) unlocks(l db.ShareLink, unlock string) bool {
	text, _, _ := strings.Cut(unlock, ".")
	until, err := strconv.ParseInt(text, 10, 64)
	genuine := hmac.Equal([]byte(unlock), []byte(a.unlockText(l, time.Unix(until, 0))))
	return genuine && err == nil && a.now().Before(time.Unix(until, 0))
}

// CountLinkView counts one visit of a link's pages: a browser that looks around
// is counted once in half an hour. agent is what the browser calls itself. It
// never fails a request.
func (a *App) CountLinkView(ctx context.Context, actor Actor, agent string) error {
	l, ok := actor.Link()
	if !ok {
		return NotFound("link")
	}
	visit := "link visit " + l.ID.String() + " " + OriginOf(ctx).Addr.String() + " " + agent
	a.countLink(ctx, func(ctx context.Context) error {
		err := a.attempts.Take(ctx, Limit{visit, 1, linkViewWindow})
		if CodeOf(err) == CodeRateLimited {
			return nil // counted already
		}
		if err != nil {
			return err
		}
		return a.db.CountLinkView(ctx, db.CountLinkViewParams{ID: l.ID, Now: a.now()})
	})
	return nil
}

// countLink runs count for a moment at most; what cannot be counted is lost.
func (a *App) countLink(ctx context.Context, count func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), linkCountPatience)
	defer cancel()
	if err := count(ctx); err != nil {
		a.log.WarnContext(ctx, "could not count the use of a link", "error", err)
	}
}
