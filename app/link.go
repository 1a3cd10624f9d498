package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// maxLinks is how many links of one album may be good at a time.
const maxLinks = 100

// AlbumLink is a share link as those see it who may share its album.
type AlbumLink struct {
	db.ShareLink
	Creator string // name of who made it
	State   LinkState
	// Token is what /s/{token} takes. Empty where it cannot be shown: the link
	// was made under another SECRET_KEY; it works, and can be given a new token.
	Token string
}

// HasPassword reports whether the link asks for a password.
func (l AlbumLink) HasPassword() bool { return l.PasswordHash != "" }

// LinkState says whether a link works.
type LinkState string

// The states of a link.
const (
	LinkGood    LinkState = "good"
	LinkExpired LinkState = "expired"
	LinkRevoked LinkState = "revoked"
)

// linkState is the one place that decides whether a link works at an instant;
// the link is over at the very instant of its expiry.
func linkState(l db.ShareLink, now time.Time) LinkState {
	switch {
	case l.RevokedAt != nil:
		return LinkRevoked
	case l.ExpiresAt != nil && !now.Before(*l.ExpiresAt):
		return LinkExpired
	}
	return LinkGood
}

// Links lists the links of an album, those that were revoked last. Whoever may
// share the album sees all of them, whoever made them; a token needs the scope
// media.read as well, because a link shows the album.
func (a *App) Links(ctx context.Context, actor Actor, album uuid.UUID) ([]AlbumLink, error) {
	if _, err := a.authorizeLinks(ctx, actor, album); err != nil {
		return nil, err
	}
	rows, err := a.db.AlbumLinks(ctx, album)
	if err != nil {
		return nil, fmt.Errorf("list the links of album %s: %w", album, err)
	}
	links := make([]AlbumLink, len(rows))
	for i, r := range rows {
		links[i] = a.albumLink(r.ShareLink, r.Creator)
	}
	return links, nil
}

// Link returns one link of an album.
func (a *App) Link(ctx context.Context, actor Actor, album, id uuid.UUID) (AlbumLink, error) {
	if _, err := a.authorizeLinks(ctx, actor, album); err != nil {
		return AlbumLink{}, err
	}
	r, err := a.db.AlbumLink(ctx, db.AlbumLinkParams{AlbumID: album, ID: id})
	if db.IsNotFound(err) {
		return AlbumLink{}, NotFound("link")
	}
	if err != nil {
		return AlbumLink{}, fmt.Errorf("load link %s: %w", id, err)
	}
	return a.albumLink(r.ShareLink, r.Creator), nil
}

// CreateLink makes a link to an album. What e leaves open has its default: no
// password, no expiry, no downloads, metadata stripped, no uploads. CodeInvalid
// names the fields name, password, expires_at, upload_bytes or upload_count;
// CodeForbidden where the site has links or uploads of guests switched off.
func (a *App) CreateLink(ctx context.Context, actor Actor, album uuid.UUID, e LinkEdit) (AlbumLink, error) {
	parent, err := a.authorizeLinks(ctx, actor, album)
	if err != nil {
		return AlbumLink{}, err
	}
	l := db.ShareLink{
		ID: newID(), AlbumID: album, CreatedBy: actor.UserID(), Nonce: randomBytes(16), Version: 1, StripMetadata: true,
		MaxUploadBytes: DefaultLinkUploadBytes, MaxUploads: DefaultLinkUploads, CreatedAt: a.now(),
	}
	l.TokenHash = hashSecret(a.linkToken(l))
	if err := a.applyLinkEdit(ctx, actor, &l, e); err != nil {
		return AlbumLink{}, err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.CountLinks(ctx, album)
		if err != nil {
			return fmt.Errorf("count the links of album %s: %w", album, err)
		}
		if n >= maxLinks {
			return &Error{Code: CodeConflict, Key: "error.link_count", Args: map[string]any{"Max": maxLinks}}
		}
		l, err = q.InsertLink(ctx, db.InsertLinkParams{
			ID: l.ID, AlbumID: album, CreatedBy: l.CreatedBy, Name: l.Name, Nonce: l.Nonce, TokenHash: l.TokenHash,
			PasswordHash: l.PasswordHash, ExpiresAt: l.ExpiresAt, AllowDownload: l.AllowDownload, StripMetadata: l.StripMetadata,
			AllowUpload: l.AllowUpload, MaxUploadBytes: l.MaxUploadBytes, MaxUploads: l.MaxUploads, Now: l.CreatedAt,
		})
		if err != nil {
			return fmt.Errorf("store a link: %w", err)
		}
		return a.auditLink(ctx, q, actor, "link.create", parent, l, map[string]any{"after": linkFacts(l)})
	})
	if err != nil {
		return AlbumLink{}, err
	}
	user, _ := actor.User()
	return a.albumLink(l, user.Name), nil
}

// EditLink changes a link; what e leaves open stays. A changed or removed
// password locks out at once whoever had unlocked the link. Codes: those of
// CreateLink; CodeConflict for a link that was revoked.
func (a *App) EditLink(ctx context.Context, actor Actor, album, id uuid.UUID, e LinkEdit) (AlbumLink, error) {
	return a.changeLink(ctx, actor, album, id, func(q *db.Queries, parent db.Album, l *db.ShareLink) error {
		before := linkFacts(*l)
		if err := a.applyLinkEdit(ctx, actor, l, e); err != nil {
			return err
		}
		changed, err := q.UpdateLink(ctx, db.UpdateLinkParams{
			ID: l.ID, Name: l.Name, PasswordHash: l.PasswordHash, Version: l.Version, ExpiresAt: l.ExpiresAt,
			AllowDownload: l.AllowDownload, StripMetadata: l.StripMetadata, AllowUpload: l.AllowUpload,
			MaxUploadBytes: l.MaxUploadBytes, MaxUploads: l.MaxUploads,
		})
		if err != nil {
			return fmt.Errorf("change link %s: %w", id, err)
		}
		*l = changed
		return a.auditLink(ctx, q, actor, "link.edit", parent, *l, map[string]any{
			"before": before, "after": linkFacts(*l), "password_changed": e.Password != nil,
		})
	})
}

// RotateLink gives a link a new token; the one before is worth nothing from
// then on. CodeConflict for a link that was revoked.
func (a *App) RotateLink(ctx context.Context, actor Actor, album, id uuid.UUID) (AlbumLink, error) {
	return a.changeLink(ctx, actor, album, id, func(q *db.Queries, parent db.Album, l *db.ShareLink) error {
		l.Nonce = randomBytes(16)
		rotated, err := q.RotateLink(ctx, db.RotateLinkParams{ID: id, Nonce: l.Nonce, TokenHash: hashSecret(a.linkToken(*l))})
		if err != nil {
			return fmt.Errorf("give link %s a new token: %w", id, err)
		}
		*l = rotated
		return a.auditLink(ctx, q, actor, "link.rotate", parent, *l, nil)
	})
}

// RevokeLink ends a link for ever, at once and for the bytes too. Revoking one
// that is revoked changes nothing.
func (a *App) RevokeLink(ctx context.Context, actor Actor, album, id uuid.UUID) error {
	_, err := a.changeLink(ctx, actor, album, id, func(q *db.Queries, parent db.Album, l *db.ShareLink) error {
		now := a.now()
		if err := q.RevokeLink(ctx, db.RevokeLinkParams{ID: id, Now: now}); err != nil {
			return fmt.Errorf("revoke link %s: %w", id, err)
		}
		l.RevokedAt = &now
		return a.auditLink(ctx, q, actor, "link.revoke", parent, *l, nil)
	})
	if e, ok := errors.AsType[*Error](err); ok && e.Key == "error.link_revoked" {
		return nil
	}
	return err
}

// changeLink runs change on the locked link.
func (a *App) changeLink(ctx context.Context, actor Actor, album, id uuid.UUID, change func(*db.Queries, db.Album, *db.ShareLink) error) (AlbumLink, error) {
	parent, err := a.authorizeLinks(ctx, actor, album)
	if err != nil {
		return AlbumLink{}, err
	}
	var l db.ShareLink
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if l, err = q.LockLink(ctx, id); db.IsNotFound(err) || err == nil && l.AlbumID != album {
			return NotFound("link")
		}
		if err != nil {
			return fmt.Errorf("lock link %s: %w", id, err)
		}
		if l.RevokedAt != nil {
			return &Error{Code: CodeConflict, Key: "error.link_revoked"}
		}
		return change(q, parent, &l)
	})
	if err != nil {
		return AlbumLink{}, err
	}
	return a.Link(ctx, actor, album, id)
}

// authorizeLinks decides who may have to do with the links of an album: who may
// share it and, since a link lets look into it, may look into it.
func (a *App) authorizeLinks(ctx context.Context, actor Actor, album uuid.UUID) (db.Album, error) {
	parent, role, err := a.authorizeAlbum(ctx, actor, ShareAlbum, album)
	if err != nil {
		return db.Album{}, err
	}
	return parent, actor.allowOn(ViewAlbum, "album", role, parent.TrashedAt != nil)
}

// albumLink shows the token again, where that can be done.
func (a *App) albumLink(l db.ShareLink, creator string) AlbumLink {
	shown := AlbumLink{ShareLink: l, Creator: creator, State: linkState(l, a.now())}
	if token := a.linkToken(l); string(hashSecret(token)) == string(l.TokenHash) && shown.State != LinkRevoked {
		shown.Token = token
	}
	return shown
}

// auditLink writes what was done to a link; never its token, nor its password.
func (a *App) auditLink(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, album db.Album, l db.ShareLink, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["name"], detail["album"], detail["album_id"] = l.Name, album.Title, album.ID
	return a.audit(ctx, q, actor, auditEvent{Action: action, Kind: "link", Object: l.ID, Detail: detail})
}

// linkFacts is what the audit log tells of a link.
func linkFacts(l db.ShareLink) map[string]any {
	facts := map[string]any{
		"name": l.Name, "password": l.PasswordHash != "", "download": l.AllowDownload, "strip_metadata": l.StripMetadata,
		"upload": l.AllowUpload,
	}
	if l.ExpiresAt != nil {
		facts["expires_at"] = l.ExpiresAt.UTC().Format(time.RFC3339)
	}
	if l.AllowUpload {
		facts["upload_bytes"], facts["upload_count"] = l.MaxUploadBytes, l.MaxUploads
	}
	return facts
}
