package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/i18n"
)

// guestMailPause is how long those who manage an album hear nothing more about
// what guests send.
const guestMailPause = time.Hour

// mailGuestUpload tells those who may approve it that a guest has sent
// something, unless they have heard of the album's guests within the hour. It
// reports whether there are mails to push.
func (a *App) mailGuestUpload(ctx context.Context, q *db.Queries, album uuid.UUID, g *guest) (bool, error) {
	now := a.now()
	n, err := q.NoteGuestMail(ctx, db.NoteGuestMailParams{ID: g.link.ID, Now: now, Before: now.Add(-guestMailPause)})
	if err != nil {
		return false, fmt.Errorf("note a mail about guests: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	admins, err := q.GuestModerators(ctx, album)
	if err != nil {
		return false, fmt.Errorf("list the admins of album %s: %w", album, err)
	}
	for _, r := range admins {
		reader := i18n.With(ctx, i18n.Match(r.User.Language, "", a.defaultZone))
		err := a.queueMail(ctx, q, Mail{
			To: r.User.Email, UserID: r.User.ID, Template: "guest_uploads", Bulk: true, Data: map[string]string{
				"Album": r.Title, "Guest": cmp.Or(g.name, i18n.T(reader, "pending.nameless")),
				"Link": a.link("albums", album.String(), "pending"),
			},
		})
		if err != nil {
			return false, err
		}
	}
	return len(admins) > 0, nil
}
