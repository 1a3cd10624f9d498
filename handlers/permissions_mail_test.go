package handlers_test

import (
	"strings"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// invite is a fresh invitation of the album owner's, into an album of the stage.
func (st *stage) invite(album uuid.UUID) app.Invitation {
	i, err := st.app.Invite(st.t.Context(), app.UserActor(st.people["album owner"]), app.NewInvitation{
		Email: uuid.NewString() + "@example.org", Album: album, Role: db.AlbumRoleViewer,
	})
	if err != nil {
		st.t.Fatal(err)
	}
	return i
}

func (st *stage) invitation() string { return st.invite(st.album).ID.String() }

func (st *stage) albumInvitation() string {
	album := st.newAlbum()
	return album.String() + "/invitations/" + st.invite(album).ID.String()
}

func (st *stage) invitationToken() string {
	st.invite(st.album)
	return strings.TrimPrefix(st.lastLink(), "/invitations/")
}

// deadMail is one that was given up.
func (st *stage) deadMail() string {
	st.invite(st.album)
	var id uuid.UUID
	err := st.db.QueryRow(st.t.Context(), "UPDATE mails SET state = 'dead' WHERE id = (SELECT id FROM mails WHERE state = 'queued' ORDER BY id DESC LIMIT 1) RETURNING id").Scan(&id)
	if err != nil {
		st.t.Fatal(err)
	}
	return id.String()
}

func (st *stage) outboxMail() string {
	st.invite(st.album)
	st.send()
	files, err := st.outbox.List(1)
	if err != nil || len(files) == 0 {
		st.t.Fatalf("the outbox has %v, %v", files, err)
	}
	return files[0].Name
}
