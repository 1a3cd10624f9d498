package app_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// albumInvites has the rows of the use-cases of invitations on one album; those
// to the site are in ownAccess. That one must be signed in comes first.
var albumInvites = map[string]accessCase{
	"Invite": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.Invite(ctx, actor, app.NewInvitation{Email: uuid.NewString() + "@example.org", Album: id, Role: db.AlbumRoleViewer}))
	}, invitingAlbum},
	"InviteMany": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.InviteMany(ctx, actor, app.ManyInvitations{
			Text: uuid.NewString() + "@example.org", NewInvitation: app.NewInvitation{Album: id, Role: db.AlbumRoleViewer},
		}))
	}, invitingAlbum},
	"Invitations": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.Invitations(ctx, actor, app.InvitationsQuery{Album: id}))
	}, editingAlbum},
}

var invitingAlbum = map[string]string{
	"private": "unffoofnuuffu",
	"members": "ufffooffuuffu",
	"public":  "ufffooffuuffu",
	"nested":  "unffooonuuffu",
	"trashed": "unnnncnnuunnu",
}

func TestInvitationAccess(t *testing.T) {
	w := newWorld(t, nil)
	for _, state := range []string{"private", "members", "public", "nested", "trashed"} {
		newAlbum := stageAlbum(w, state)
		for name, c := range albumInvites {
			album, actors := newAlbum()
			got := ""
			for _, who := range actorNames {
				got += letterOf(t, c.run(t.Context(), w.App, actors[who], album))
			}
			if got != c.want[state] {
				t.Errorf("%s on %s:\n got %s\nwant %s", name, state, got, c.want[state])
			}
		}
		if state == "trashed" {
			continue
		}
		for name, c := range map[string]struct {
			run  func(app.Actor, uuid.UUID) error
			want map[string]string
		}{
			"ResendInvitation": {func(x app.Actor, id uuid.UUID) error { return second(w.ResendInvitation(t.Context(), x, id)) }, changingInvitation},
			"RevokeInvitation": {func(x app.Actor, id uuid.UUID) error { return w.RevokeInvitation(t.Context(), x, id) }, changingInvitation},
		} {
			album, actors := newAlbum()
			got := ""
			for _, who := range actorNames {
				i, err := w.Invite(t.Context(), actors["albumowner"], app.NewInvitation{Email: uuid.NewString() + "@example.org", Album: album, Role: db.AlbumRoleViewer})
				if state == "nested" {
					i, err = w.Invite(t.Context(), actors["uploader"], app.NewInvitation{Email: uuid.NewString() + "@example.org", Album: album, Role: db.AlbumRoleViewer})
				}
				if err != nil {
					t.Fatal(err)
				}
				got += letterOf(t, c.run(actors[who], i.ID))
			}
			if got != c.want[state] {
				t.Errorf("%s on %s:\n got %s\nwant %s", name, state, got, c.want[state])
			}
		}
	}
}

// changingInvitation: who may not share the album, sees no invitations; those
// who manage the site see all of them, and end any.
var changingInvitation = map[string]string{
	"private": "unnnoonouuffu",
	"members": "unnnoonouuffu",
	"public":  "unnnoonouuffu",
	"nested":  "unnnoooouuffu",
}

func letterOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "o"
	}
	letter, known := letters[app.CodeOf(err)]
	if !known {
		t.Fatal(err)
	}
	return letter
}
