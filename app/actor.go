package app

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// Scope limits what an API token may do; a browser session has all of them.
type Scope string

// The scopes of API tokens.
const (
	ScopeMediaRead  Scope = "media.read"  // see, search and download
	ScopeMediaWrite Scope = "media.write" // upload, edit, favourite, trash; make, arrange and trash albums
	ScopeShare      Scope = "share"       // members, invitations, links and visibility of albums
	ScopeAccount    Scope = "account"     // read one's own profile, manage one's own tokens
	ScopeAdmin      Scope = "admin"       // the site, where the owner of the token is an admin
)

// AllScopes lists every scope.
func AllScopes() []Scope {
	return []Scope{ScopeMediaRead, ScopeMediaWrite, ScopeShare, ScopeAccount, ScopeAdmin}
}

// Well-known subjects of the access relation (album_access).
var (
	subjectSignedIn  = uuid.MustParse("00000000-0000-0000-0000-000000000001")
	subjectEverybody = uuid.MustParse("00000000-0000-0000-0000-000000000002")
)

// Actor is who asks. The zero value is nobody: it may do only what everybody
// may. Build one with UserActor, TokenActor, LinkActor or SystemActor; a
// suspended user has none.
type Actor struct {
	user   *db.User
	scopes []Scope
	link   *Link
	system bool
	token  bool      // the user came with an API token
	until  time.Time // when that token expires
}

// Link is a share link that was unlocked, with what it lets its holder do.
type Link struct {
	ID, AlbumID uuid.UUID
	Download    bool // originals and the whole album may be downloaded
	Strip       bool // what is downloaded carries no metadata
	Upload      bool // guests may send photos, which wait to be approved
	Version     int  // of its token and password when it was opened
}

// UserActor is a person in a browser, with every scope. A suspended user
// becomes nobody.
func UserActor(u db.User) Actor {
	a := TokenActor(u, AllScopes())
	a.token = false
	return a
}

// TokenActor is a program that shows one of u's API tokens.
func TokenActor(u db.User, scopes []Scope) Actor {
	if u.SuspendedAt != nil {
		return Actor{}
	}
	return Actor{user: &u, scopes: scopes, token: true}
}

// SystemActor is Albumen itself: workers, schedules and the command line.
func SystemActor() Actor { return Actor{system: true} }

// LinkActor is whoever holds a share link, and nobody else at the same time:
// pages below /s/ look the same to the album's owner as to a guest. The caller
// has checked token, password, expiry and revocation in this very request.
func LinkActor(l Link) Actor { return Actor{link: &l} }

// Link returns a copy of the share link by which the actor came.
func (a Actor) Link() (Link, bool) {
	if a.link == nil {
		return Link{}, false
	}
	return *a.link, true
}

// SignedIn reports whether the actor is a user.
func (a Actor) SignedIn() bool { return a.user != nil }

// UserID returns the user's id, the zero UUID for anybody else.
func (a Actor) UserID() uuid.UUID {
	if a.user == nil {
		return uuid.UUID{}
	}
	return a.user.ID
}

// User returns a copy of the signed-in user.
func (a Actor) User() (db.User, bool) {
	if a.user == nil {
		return db.User{}, false
	}
	return *a.user, true
}

// Has reports whether the actor holds the scope. The system holds all.
func (a Actor) Has(s Scope) bool { return a.system || slices.Contains(a.scopes, s) }

// IsAdmin reports a site admin who is acting with the admin scope.
func (a Actor) IsAdmin() bool {
	return a.system || (a.user != nil && a.user.IsAdmin && slices.Contains(a.scopes, ScopeAdmin))
}

// Subjects are the ids under which the access relation knows the actor.
func (a Actor) Subjects() []uuid.UUID {
	if a.link != nil {
		return []uuid.UUID{a.link.ID}
	}
	subjects := []uuid.UUID{subjectEverybody}
	if a.user != nil {
		subjects = append(subjects, a.user.ID, subjectSignedIn)
	}
	return subjects
}
