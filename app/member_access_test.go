package app_test

import (
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// memberCase is a use-case on the members of an album; grant is a viewer's that
// is there for it. want has a letter per actor and state, as in mediaAccess.
type memberCase struct {
	name string
	run  func(w *world, x app.Actor, album, grant uuid.UUID, admin db.User) error
	want map[string]string
}

var sharing = map[string]string{
	"private": "nnffoofnunffn",
	"members": "nfffooffunffn",
	"public":  "ufffooffunffu",
	"nested":  "nnffoofnunffn",
	"trashed": "nnnnncnnnnnnn",
}

// Read down a column as in mediaAccess. The states are the album's: nested is
// below the private one, on which everything was granted.
var memberAccess = []memberCase{
	{"Members", func(w *world, x app.Actor, album, _ uuid.UUID, _ db.User) error {
		return second(w.Members(w.t.Context(), x, album, app.MembersQuery{}))
	}, map[string]string{
		"private": "nnooooonunffn",
		"members": "nfooooofunffn",
		"public":  "ufooooofunffu",
		"nested":  "nnooooonunffn",
		"trashed": "nnnnncnnnnnnn",
	}},
	{"AddMember", func(w *world, x app.Actor, album, _ uuid.UUID, _ db.User) error {
		return w.AddMember(w.t.Context(), x, album, app.NewMember{Email: w.user(uuid.NewString()).Email, Role: db.AlbumRoleViewer})
	}, sharing},
	{"SetMemberRole", func(w *world, x app.Actor, album, grant uuid.UUID, _ db.User) error {
		return w.SetMemberRole(w.t.Context(), x, album, grant, db.AlbumRoleContributor)
	}, sharing},
	{"RemoveMember", func(w *world, x app.Actor, album, grant uuid.UUID, _ db.User) error {
		return second(w.RemoveMember(w.t.Context(), x, album, grant, true))
	}, sharing},
	{"TransferAlbum", func(w *world, x app.Actor, album, _ uuid.UUID, admin db.User) error {
		return w.TransferAlbum(w.t.Context(), x, album, admin.ID)
	}, map[string]string{
		"private": "nnfffofnunffn",
		"members": "nffffoffunffn",
		"public":  "uffffoffunffu",
		"nested":  "nnfffofnunffn",
		"trashed": "nnnnncnnnnnnn",
	}},
	// The contributor is here through a group, the owner cannot go, and those who
	// come because it is open to all have nothing to give up.
	{"LeaveAlbum", func(w *world, x app.Actor, album, _ uuid.UUID, _ db.User) error {
		return second(w.LeaveAlbum(w.t.Context(), x, album, true))
	}, map[string]string{
		"private": "nnococonunffn",
		"members": "ncocococunffn",
		"public":  "ucocococunffu",
		"nested":  "nncccccnunffn",
		"trashed": "nnnnncnnnnnnn",
	}},
}

func TestMemberAccess(t *testing.T) {
	w := newWorld(t, nil)
	for _, state := range []string{"private", "members", "public", "nested", "trashed"} {
		kind := state
		if state == "nested" || state == "trashed" {
			kind = "private as " + state
		}
		newItem, actors := stage(w, kind)
		var album uuid.UUID
		if err := w.db.QueryRow(t.Context(), "SELECT album_id FROM media WHERE id = $1", newItem()).Scan(&album); err != nil {
			t.Fatal(err)
		}
		admin, _ := actors["albumadmin"].User()
		owner, _ := actors["albumowner"].User()
		switch state {
		case "nested":
			above := album
			album = w.album(owner, db.AlbumVisibilityPrivate)
			w.exec("UPDATE albums SET parent_id = $2 WHERE id = $1", album, above)
		case "trashed":
			w.exec("UPDATE albums SET trashed_at = now() WHERE id = $1", album)
		}
		other := w.user("other " + state)
		w.exec("DROP TABLE IF EXISTS kept_grants")
		w.exec("CREATE TABLE kept_grants AS SELECT * FROM album_grants")
		for _, c := range memberAccess {
			got := ""
			for _, who := range actorNames {
				w.exec("DELETE FROM album_grants")
				w.exec("INSERT INTO album_grants SELECT * FROM kept_grants")
				w.exec("UPDATE albums SET owner_id = $2 WHERE id = $1", album, owner.ID)
				grant := uuid.New()
				w.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", grant, album, other.ID)
				err := c.run(w, actors[who], album, grant, admin)
				letter, known := "o", true
				if err != nil {
					letter, known = letters[app.CodeOf(err)]
				}
				if !known {
					t.Fatalf("%s as %s on %s: %v", c.name, who, state, err)
				}
				got += letter
			}
			if got != c.want[state] {
				t.Errorf("%s on %s:\n got %s\nwant %s", c.name, state, got, c.want[state])
			}
		}
	}
	w.noDrift()
}

// noDrift holds the access relation against its sources.
func (w *world) noDrift() {
	w.t.Helper()
	drift, err := w.db.AlbumAccessDrift(w.t.Context())
	if err != nil || len(drift) > 0 {
		w.t.Errorf("the access relation drifts: %v, %v", drift, err)
	}
}
