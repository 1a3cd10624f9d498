package app

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"albumen/db"
)

const (
	maxGuestName  = 60 // characters
	guestIDBytes  = 16
	guestWindow   = time.Hour
	guestPerHour  = 500   // files through one link from one address
	guestsPerHour = 3_000 // files through one link
)

// withheldGuest is media.withheld of what waits to be approved.
const withheldGuest = "guest"

// Guest is who sends through a share link: what they call themselves, and what
// their browser is known by.
type Guest struct {
	Name    string // may be empty; cut after 60 characters
	Browser string // from NewGuestBrowser
}

// NewGuestBrowser returns what a guest's browser keeps, so that they see what
// they have sent themselves.
func NewGuestBrowser() string { return randomText(guestIDBytes) }

// guest is the sender of a file that is not its owner's.
type guest struct {
	link Link
	name string
	hash []byte

	mailed bool // mails were queued about it
}

// withholds is media.withheld of what g sends; nobody withholds nothing.
func (g *guest) withholds() *string {
	if g == nil {
		return nil
	}
	w := withheldGuest
	return &w
}

// ReceiveGuestMedia streams a file of a guest's into the link's album, where it
// waits to be approved. It becomes the photo of the album's owner, and counts
// against the link's quota and the owner's. The answer is OutcomeCreated and
// nothing else, also where the owner has these bytes already: that is none of
// the guest's business.
//
// Codes: those of ReceiveMedia; CodeForbidden where the link takes no uploads,
// CodeNotFound (not_found.link) when it has stopped working meanwhile,
// CodeRateLimited after too many files.
func (a *App) ReceiveGuestMedia(ctx context.Context, actor Actor, g Guest, in Incoming) (ReceiveOutcome, error) {
	link, ok := actor.Link()
	if !ok {
		return "", NotFound("link")
	}
	album, _, err := a.authorizeAlbum(ctx, actor, SendToAlbum, link.AlbumID)
	if err != nil {
		return "", err
	}
	address := origin(OriginOf(ctx).Addr)
	err = a.attempts.Take(ctx, Limit{"guest pair " + address + " " + link.ID.String(), guestPerHour, guestWindow},
		Limit{"guest link " + link.ID.String(), guestsPerHour, guestWindow})
	if err != nil {
		return "", err
	}
	limit, err := a.guestRoom(ctx, album.OwnerID, link, in)
	if err != nil {
		return "", err
	}
	in.AlbumID, in.Album = &album.ID, nil
	from := &guest{link: link, name: guestName(g.Name), hash: hashSecret(g.Browser)}
	if _, err := a.receive(ctx, actor, original{Incoming: in, owner: album.OwnerID, guest: from}, limit); err != nil {
		return "", err
	}
	if from.mailed {
		a.pushMail(ctx)
	}
	return OutcomeCreated, nil
}

// guestRoom is room within what is left of the link's own quota.
func (a *App) guestRoom(ctx context.Context, owner uuid.UUID, link Link, in Incoming) (sizeLimit, error) {
	l, err := a.db.LinkByID(ctx, link.ID)
	if db.IsNotFound(err) {
		return sizeLimit{}, NotFound("link")
	}
	if err != nil {
		return sizeLimit{}, fmt.Errorf("load link %s: %w", link.ID, err)
	}
	if err := linkQuota(l, in.Filename, max(0, in.Size)); err != nil {
		return sizeLimit{}, err
	}
	limit, err := a.room(ctx, owner, in.Filename, -1)
	if err != nil {
		return sizeLimit{}, err
	}
	if limit.guest = true; in.Size > limit.bytes {
		return sizeLimit{}, limit.exceeded(in.Filename)
	}
	if left := l.MaxUploadBytes - l.UploadedBytes; left < limit.bytes {
		limit = sizeLimit{bytes: left, link: true}
	}
	return limit, nil
}

// linkQuota refuses one more file of that size.
func linkQuota(l db.ShareLink, filename string, bytes int64) error {
	switch left := l.MaxUploadBytes - l.UploadedBytes; {
	case l.Uploads >= l.MaxUploads, left <= 0:
		return &Error{Code: CodeTooLarge, Key: "receive.link_full", Args: fileArgs(filename)}
	case bytes > left:
		return sizeLimit{bytes: left, link: true}.exceeded(filename)
	}
	return nil
}

// takeGuestQuota asks again under the link's lock, now that the bytes are
// there, whether the link works as it did when it was opened, and counts.
func (a *App) takeGuestQuota(ctx context.Context, q *db.Queries, actor Actor, o original) error {
	link := o.guest.link
	l, err := q.LockLink(ctx, link.ID)
	if err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("lock link %s: %w", link.ID, err)
	}
	if err != nil || linkState(l, a.now()) != LinkGood || int(l.Version) != link.Version {
		return NotFound("link")
	}
	if !l.AllowUpload {
		return &Error{Code: CodeForbidden, Key: "error.link_upload"}
	}
	if _, _, err := authorizeAlbum(ctx, q, actor, SendToAlbum, link.AlbumID); err != nil {
		return err
	}
	if err := linkQuota(l, o.Filename, o.bytes); err != nil {
		return err
	}
	if err := q.CountLinkUpload(ctx, db.CountLinkUploadParams{ID: l.ID, Bytes: o.bytes, Now: a.now()}); err != nil {
		return fmt.Errorf("count an upload through link %s: %w", l.ID, err)
	}
	return nil
}

// noteGuest records who sent what, in the transaction that adds it.
func (a *App) noteGuest(ctx context.Context, q *db.Queries, actor Actor, o original, got Received) error {
	row := db.InsertGuestUploadParams{
		ID: newID(), AlbumID: *o.AlbumID, LinkID: &o.guest.link.ID, GuestName: o.guest.name, GuestHash: o.guest.hash,
		Filename: showName(o.Filename), SentAt: a.now(),
	}
	m := got.Media
	switch here := m.AlbumID != nil && *m.AlbumID == *o.AlbumID && m.TrashedAt == nil; {
	case here && m.Withheld == nil: // in the album for all to see
		row.MediaID, row.ApprovedAt = &m.ID, &row.SentAt
	case here && *m.Withheld == withheldGuest:
		row.MediaID = &m.ID
	}
	if err := q.InsertGuestUpload(ctx, row); err != nil {
		return fmt.Errorf("note what a guest sent: %w", err)
	}
	if row.MediaID != nil && row.ApprovedAt == nil {
		var err error
		if o.guest.mailed, err = a.mailGuestUpload(ctx, q, *o.AlbumID, o.guest); err != nil {
			return err
		}
	}
	return a.audit(ctx, q, actor, auditEvent{
		Action: "guest.upload", Kind: "album", Object: *o.AlbumID,
		Detail: map[string]any{"file": row.Filename, "guest": o.guest.name, "bytes": o.bytes},
	})
}

// GuestUpload is a file that a guest sees in the list of their own.
type GuestUpload struct {
	Filename string
	SentAt   time.Time
	Approved bool // it is in the album now; otherwise it waits
}

// GuestSpace is what guests may still send through a link.
type GuestSpace struct {
	Bytes int64
	Files int
}

// GuestUploads returns what the guest's browser has sent through the link,
// newest first, and what the link still takes. What was not approved is not listed.
func (a *App) GuestUploads(ctx context.Context, actor Actor, browser string) ([]GuestUpload, GuestSpace, error) {
	link, ok := actor.Link()
	if !ok {
		return nil, GuestSpace{}, NotFound("link")
	}
	if _, _, err := a.authorizeAlbum(ctx, actor, SendToAlbum, link.AlbumID); err != nil {
		return nil, GuestSpace{}, err
	}
	l, err := a.db.LinkByID(ctx, link.ID)
	if err != nil {
		return nil, GuestSpace{}, fmt.Errorf("load link %s: %w", link.ID, err)
	}
	space := GuestSpace{Bytes: max(0, l.MaxUploadBytes-l.UploadedBytes), Files: int(max(0, l.MaxUploads-l.Uploads))}
	if browser == "" {
		return nil, space, nil
	}
	rows, err := a.db.GuestUploadsOf(ctx, db.GuestUploadsOfParams{LinkID: link.ID, GuestHash: hashSecret(browser)})
	if err != nil {
		return nil, space, fmt.Errorf("list what a guest sent: %w", err)
	}
	sent := make([]GuestUpload, len(rows))
	for i, r := range rows {
		sent[i] = GuestUpload{Filename: r.Filename, SentAt: r.SentAt, Approved: r.Approved}
	}
	return sent, space, nil
}

// guestName is fit to be shown and stored, whatever a guest has typed.
func guestName(name string) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	runes := []rune(name)
	return string(runes[:min(len(runes), maxGuestName)])
}
