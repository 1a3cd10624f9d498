package app_test

import (
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// model is who may see what, as the words of docs/permissions.md have it and as
// simply as it can be said: no derived table, no SQL.
type model struct {
	users  []db.User
	groups map[uuid.UUID]map[uuid.UUID]bool // members
	albums map[uuid.UUID]*modelAlbum
	grants map[uuid.UUID]modelGrant
	links  map[uuid.UUID]*modelLink
	items  map[uuid.UUID]*modelItem
}

type modelAlbum struct {
	owner, parent uuid.UUID // parent zero: at the top
	visibility    db.AlbumVisibility
	trashed       bool
	trash         uuid.UUID // with which album it went to the trash
}

type modelGrant struct {
	album, to uuid.UUID // to a user or a group
	role      app.Role
}

type modelLink struct {
	album   uuid.UUID
	revoked bool
}

type modelItem struct {
	owner, album uuid.UUID // album zero: none
	trashed      bool
	withheld     string
}

// moveTo puts the item into an album, or into none. What a guest has sent is then
// an item like any other, and without an album one in the trash.
func (i *modelItem) moveTo(album uuid.UUID) {
	if i.withheld == "guest" && i.album != album {
		i.withheld, i.trashed = "", i.trashed || album == uuid.Nil
	}
	i.album = album
}

// subject is somebody who asks: a user, a link, or (both zero) a visitor.
type subject struct{ user, link uuid.UUID }

func (s subject) actor(m *model) app.Actor {
	if s.link != uuid.Nil {
		return app.LinkActor(app.Link{ID: s.link, AlbumID: m.links[s.link].album, Download: true})
	}
	for _, u := range m.users {
		if u.ID == s.user {
			return app.UserActor(u)
		}
	}
	return app.Actor{}
}

// albumRole is the highest role that anything gives on an album or one above it.
func (m *model) albumRole(s subject, id uuid.UUID) app.Role {
	if m.albums[id].owner == s.user && s.user != uuid.Nil {
		return app.RoleOwner
	}
	if m.albums[id].trashed {
		return app.RoleNone
	}
	role := app.RoleNone
	for at := id; at != uuid.Nil; at = m.albums[at].parent {
		a := m.albums[at]
		if s.user != uuid.Nil && a.owner == s.user {
			role = max(role, app.RoleAdmin) // the owner of an album above
		}
		for _, g := range m.grants {
			if g.album == at && s.user != uuid.Nil && (g.to == s.user || m.groups[g.to][s.user]) {
				role = max(role, g.role)
			}
		}
		if s.link == uuid.Nil && (a.visibility == db.AlbumVisibilityPublic || a.visibility == db.AlbumVisibilityMembers && s.user != uuid.Nil) {
			role = max(role, app.RoleViewer)
		}
		if l := m.links[s.link]; l != nil && l.album == at && !l.revoked {
			role = max(role, app.RoleViewer)
		}
	}
	return role
}

// itemRole is the role on an item: its owner's, or what its album gives.
func (m *model) itemRole(s subject, id uuid.UUID) app.Role {
	i := m.items[id]
	switch {
	case i.owner == s.user && s.user != uuid.Nil:
		return app.RoleOwner
	case i.album == uuid.Nil || i.trashed:
		return app.RoleNone
	}
	role := min(m.albumRole(s, i.album), app.RoleAdmin)
	if i.withheld == "report" || i.withheld == "guest" && role < app.RoleAdmin {
		return app.RoleNone
	}
	return role
}

// listed are the items that lists of s hold, in no order.
func (m *model) listed(s subject) map[uuid.UUID]bool {
	seen := map[uuid.UUID]bool{}
	for id, i := range m.items {
		if !i.trashed && i.withheld == "" && m.itemRole(s, id) >= app.RoleViewer {
			seen[id] = true
		}
	}
	return seen
}

func (m *model) subjects() []subject {
	all := []subject{{}}
	for _, u := range m.users {
		all = append(all, subject{user: u.ID})
	}
	for _, id := range keys(m.links) {
		all = append(all, subject{link: id})
	}
	return all
}

// below reports whether album lies under (or is) other.
func (m *model) below(album, other uuid.UUID) bool {
	for at := album; at != uuid.Nil; at = m.albums[at].parent {
		if at == other {
			return true
		}
	}
	return false
}

// keys are in an order that depends on nothing but when they were made.
func keys[V any](of map[uuid.UUID]V) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(of), func(x, y uuid.UUID) int { return slices.Compare(x[:], y[:]) })
}

// pick returns one of them; the zero value when there is none.
func pick[T any](r *rand.Rand, of []T) (one T) {
	if len(of) == 0 {
		return one
	}
	return of[r.IntN(len(of))]
}
