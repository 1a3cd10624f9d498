package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// The kinds of RoleSource.
const (
	SourceOwner  = "owner"
	SourceDirect = "direct"
	SourceGroup  = "group"
)

// RoleSource is one reason for a person's role on an album. The strongest is
// what holds.
type RoleSource struct {
	Kind  string
	Role  db.AlbumRole
	Group string // its name, with SourceGroup
	Above bool   // it was given on an album above this one …
	Album string // … with this title, "" where the actor may not see that album
}

// Person is somebody who may see an album. E-mail address, state and sources
// are for those who may share it; the others learn names and roles.
type Person struct {
	ID        uuid.UUID
	Name      string
	Email     string
	Suspended bool
	Role      db.AlbumRole // the effective one
	Sources   []RoleSource
}

// MemberGrant is what was granted on the album itself, to a person or to a group.
type MemberGrant struct {
	ID      uuid.UUID
	UserID  uuid.UUID // zero for a group
	GroupID uuid.UUID // zero for a person
	Name    string
	Email   string // of a person
	Members int    // of a group
	Role    db.AlbumRole
	By      string // who granted it; "" where that is not known any more
	Links   int    // open links that the person made on the album
	Fixed   bool   // it is the owner's, and not to be touched
}

// AlbumMembers is who may see an album, and what the actor may do about it.
type AlbumMembers struct {
	Album       db.Album
	Role        db.AlbumRole // the actor's
	CanManage   bool
	CanTransfer bool
	CanLeave    bool // the actor was granted something in person that can be given up
	People      []Person
	Total       int    // people of all pages
	Next        string // cursor for MembersQuery.After; "" at the end
	// With CanManage:
	Grants []MemberGrant
	Groups []db.Group // those to which the actor may grant something
	// With CanTransfer:
	Heirs []Person // to whom the album can be transferred: its admins
}

// MembersQuery asks for a page of an album's people, by name.
type MembersQuery struct {
	After string
	Limit int // 0: DefaultPageSize; at most MaxPageSize
}

// cursorPerson begins the cursors of lists of people by name.
const cursorPerson = 'p'

// shownHeirs bounds the choice of new owners.
const shownHeirs = 500

// Members returns who may see an album. Its admins see everybody with e-mail
// address and where each role comes from; other members see names and roles;
// who sees the album only because it is public, or open to all who sign in, gets
// CodeForbidden.
func (a *App) Members(ctx context.Context, actor Actor, album uuid.UUID, query MembersQuery) (AlbumMembers, error) {
	al, role, err := a.authorizeAlbum(ctx, actor, ListMembers, album)
	if err != nil {
		return AlbumMembers{}, err
	}
	own, err := a.memberRole(ctx, actor, album)
	if err != nil {
		return AlbumMembers{}, err
	}
	if own == "" {
		return AlbumMembers{}, &Error{Code: CodeForbidden, Key: "error.members_only"}
	}
	m := AlbumMembers{
		Album: al, Role: own,
		CanManage:   actor.allowOn(ShareAlbum, "album", role, false) == nil,
		CanTransfer: actor.allowOn(TransferAlbum, "album", role, false) == nil,
	}
	switch _, err := a.db.GrantOfUser(ctx, db.GrantOfUserParams{AlbumID: album, UserID: actor.UserID()}); {
	case err == nil:
		m.CanLeave = role < RoleOwner
	case !db.IsNotFound(err):
		return m, fmt.Errorf("load one's own grant: %w", err)
	}
	if err := a.people(ctx, actor, &m, query); err != nil {
		return m, err
	}
	if m.CanManage {
		if err := a.grants(ctx, actor, &m); err != nil {
			return m, err
		}
	}
	if m.CanTransfer {
		heirs, err := a.db.AlbumAdmins(ctx, db.AlbumAdminsParams{AlbumID: album, N: shownHeirs})
		if err != nil {
			return m, fmt.Errorf("list the admins of an album: %w", err)
		}
		for _, h := range heirs {
			m.Heirs = append(m.Heirs, Person{ID: h.ID, Name: h.Name, Email: h.Email, Role: db.AlbumRoleAdmin})
		}
	}
	return m, nil
}

// memberRole is what the actor is by themselves, not because the album is open
// to all: "" for no member.
func (a *App) memberRole(ctx context.Context, actor Actor, album uuid.UUID) (db.AlbumRole, error) {
	own, err := a.db.RoleOfUser(ctx, db.RoleOfUserParams{AlbumID: album, UserID: actor.UserID()})
	return db.AlbumRole(own), wrap(err, "load one's own role")
}

// people fills in a page of the people.
func (a *App) people(ctx context.Context, actor Actor, m *AlbumMembers, query MembersQuery) error {
	limit, err := pageSize(query.Limit)
	if err != nil {
		return err
	}
	after, err := decodePersonCursor(query.After)
	if err != nil {
		return err
	}
	rows, err := a.db.AlbumPeople(ctx, db.AlbumPeopleParams{
		AlbumID: m.Album.ID, HideSuspended: !m.CanManage, AfterName: after.Name, AfterID: after.ID, N: int32(limit) + 1,
	})
	if err != nil {
		return fmt.Errorf("list who may see an album: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		m.Next = encodePersonCursor(rows[limit-1].SortName, rows[limit-1].ID)
	}
	total, err := a.db.CountAlbumPeople(ctx, db.CountAlbumPeopleParams{AlbumID: m.Album.ID, HideSuspended: !m.CanManage})
	if err != nil {
		return fmt.Errorf("count who may see an album: %w", err)
	}
	m.Total = int(total)
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
		p := Person{ID: r.ID, Name: r.Name, Role: r.Role}
		if m.CanManage {
			p.Email, p.Suspended = r.Email, r.SuspendedAt != nil
		}
		m.People = append(m.People, p)
	}
	if !m.CanManage {
		return nil
	}
	sources, err := a.db.RoleSources(ctx, db.RoleSourcesParams{AlbumID: m.Album.ID, UserIds: ids, Subjects: actor.Subjects()})
	if err != nil {
		return fmt.Errorf("look up where roles come from: %w", err)
	}
	of := map[uuid.UUID][]RoleSource{}
	for _, s := range sources {
		source := RoleSource{Kind: s.Kind, Role: db.AlbumRole(s.Role), Group: s.GroupName, Above: s.Depth > 0}
		if source.Above {
			source.Album = s.Title
		}
		of[s.UserID] = append(of[s.UserID], source)
	}
	for i := range m.People {
		m.People[i].Sources = of[m.People[i].ID]
	}
	return nil
}

// grants fills in what was granted on the album itself and to which groups the
// actor may grant more.
func (a *App) grants(ctx context.Context, actor Actor, m *AlbumMembers) error {
	rows, err := a.db.AlbumGrants(ctx, m.Album.ID)
	if err != nil {
		return fmt.Errorf("list the members of an album: %w", err)
	}
	var users []uuid.UUID
	for _, r := range rows {
		if r.AlbumGrant.UserID != nil {
			users = append(users, *r.AlbumGrant.UserID)
		}
	}
	counts, err := a.db.CountOpenLinksOf(ctx, db.CountOpenLinksOfParams{AlbumID: m.Album.ID, UserIds: users})
	if err != nil {
		return fmt.Errorf("count the links of the members: %w", err)
	}
	links := map[uuid.UUID]int{}
	for _, c := range counts {
		links[c.CreatedBy] = int(c.N)
	}
	for _, r := range rows {
		g := MemberGrant{ID: r.AlbumGrant.ID, Name: r.Name, Email: r.Email, Members: int(r.Members), Role: r.AlbumGrant.Role, By: r.GrantedByName}
		if id := r.AlbumGrant.UserID; id != nil {
			g.UserID, g.Links, g.Fixed = *id, links[*id], *id == m.Album.OwnerID
		}
		if id := r.AlbumGrant.GroupID; id != nil {
			g.GroupID = *id
		}
		m.Grants = append(m.Grants, g)
	}
	m.Groups, err = a.db.GroupsToShareWith(ctx, db.GroupsToShareWithParams{Every: actor.IsAdmin(), UserID: actor.UserID()})
	return wrap(err, "list the groups to share with")
}

// personKey is a place in a list of people by name.
type personKey struct {
	Name string    `json:"n"`
	ID   uuid.UUID `json:"i"`
}

func encodePersonCursor(name string, id uuid.UUID) string {
	text, err := json.Marshal(personKey{name, id})
	if err != nil {
		panic(err) // two texts
	}
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorPerson}, text...))
}

func decodePersonCursor(s string) (personKey, error) {
	var k personKey
	if s == "" {
		return k, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) == 0 || b[0] != cursorPerson || json.Unmarshal(b[1:], &k) != nil || !storable(k.Name) {
		return personKey{}, Invalid("after", "page.cursor_bad")
	}
	return k, nil
}
