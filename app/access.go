package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// Action is something that can be done; the table below says who may.
type Action string

// Actions on one item.
const (
	ViewMedia      Action = "media.view"
	DownloadMedia  Action = "media.download"
	EditMedia      Action = "media.edit"
	FavouriteMedia Action = "media.favourite"
	TrashMedia     Action = "media.trash"
	DeleteMedia    Action = "media.delete"
	RetryMedia     Action = "media.retry"
	MoveMedia      Action = "media.move"   // to another home album or to none
	RemoveMedia    Action = "media.remove" // out of its album; it stays its owner's
	ReportMedia    Action = "media.report" // as something that should not be here
)

// Actions on an album.
const (
	ViewAlbum     Action = "album.view"
	DownloadAlbum Action = "album.download"
	AddToAlbum    Action = "album.add"
	EditAlbum     Action = "album.edit"     // title, cover, order, category; approve what guests sent
	ShareAlbum    Action = "album.share"    // its members, invitations, links and visibility
	MoveAlbum     Action = "album.move"     // below another album or to the top
	TransferAlbum Action = "album.transfer" // to another owner
	TrashAlbum    Action = "album.trash"    // and restore it
	DeleteAlbum   Action = "album.delete"   // for good, from the trash
	LeaveAlbum    Action = "album.leave"
	ListMembers   Action = "album.members" // names and roles; the rest of it is for those who may share
	SendToAlbum   Action = "album.send"    // as a guest, through a link that lets them
)

// Actions that need no object.
const (
	ListOwn       Action = "own.list"   // one's timeline, trash, favourites; searching
	Upload        Action = "own.upload" // add media of one's own
	ChangeOwn     Action = "own.change" // empty one's trash, undo; each item is then asked for by itself
	CreateAlbum   Action = "album.create"
	ViewPeople    Action = "people.view" // names and pictures of those who have an account
	ManageAccount Action = "account"     // one's own profile, sessions and tokens
	ManageSite    Action = "site.manage" // users, jobs, settings, system state
)

// Role is what an actor is to an object, ordered from least to most.
type Role int

// The roles. A share link gives RoleViewer, within the limits of the link; site
// admins get no role on other people's media: they run the machine, they do not
// look into the albums.
const (
	RoleNone Role = iota
	RoleViewer
	RoleContributor
	RoleAdmin
	RoleOwner
)

// rule is one row of the table: the least role, the scope a token needs, and
// what else must hold.
type rule struct {
	role     Role
	scope    Scope
	signedIn bool // anonymous actors (public albums, share links) may not
	trashed  bool // also allowed while the object lies in the trash
	download bool // a share link must allow downloads
	guest    bool // only through a share link that allows uploads
}

// rules is the only permission table of the product. An object action that is
// refused for lack of RoleViewer is "not found"; with a role but not enough of
// it, or without the scope, "forbidden".
var rules = map[Action]rule{
	ViewMedia:      {role: RoleViewer, scope: ScopeMediaRead},
	DownloadMedia:  {role: RoleViewer, scope: ScopeMediaRead, download: true},
	EditMedia:      {role: RoleAdmin, scope: ScopeMediaWrite, signedIn: true},
	FavouriteMedia: {role: RoleViewer, scope: ScopeMediaWrite, signedIn: true},
	TrashMedia:     {role: RoleOwner, scope: ScopeMediaWrite, signedIn: true, trashed: true},
	DeleteMedia:    {role: RoleOwner, scope: ScopeMediaWrite, signedIn: true, trashed: true},
	RetryMedia:     {role: RoleOwner, scope: ScopeMediaWrite, signedIn: true},
	MoveMedia:      {role: RoleOwner, scope: ScopeMediaWrite, signedIn: true},
	RemoveMedia:    {role: RoleAdmin, scope: ScopeMediaWrite, signedIn: true},
	ReportMedia:    {role: RoleViewer, scope: ScopeMediaRead},
	ViewAlbum:      {role: RoleViewer, scope: ScopeMediaRead, trashed: true},
	DownloadAlbum:  {role: RoleViewer, scope: ScopeMediaRead, download: true},
	AddToAlbum:     {role: RoleContributor, scope: ScopeMediaWrite, signedIn: true},
	EditAlbum:      {role: RoleAdmin, scope: ScopeMediaWrite, signedIn: true},
	ShareAlbum:     {role: RoleAdmin, scope: ScopeShare, signedIn: true},
	MoveAlbum:      {role: RoleOwner, scope: ScopeShare, signedIn: true},
	TransferAlbum:  {role: RoleOwner, scope: ScopeShare, signedIn: true},
	TrashAlbum:     {role: RoleOwner, scope: ScopeMediaWrite, signedIn: true, trashed: true},
	DeleteAlbum:    {role: RoleOwner, scope: ScopeMediaWrite, signedIn: true, trashed: true},
	LeaveAlbum:     {role: RoleViewer, scope: ScopeShare, signedIn: true},
	ListMembers:    {role: RoleViewer, scope: ScopeShare, signedIn: true},
	SendToAlbum:    {role: RoleViewer, scope: ScopeMediaWrite, guest: true},
	CreateAlbum:    {scope: ScopeMediaWrite, signedIn: true},
	ListOwn:        {scope: ScopeMediaRead, signedIn: true},
	Upload:         {scope: ScopeMediaWrite, signedIn: true},
	ChangeOwn:      {scope: ScopeMediaWrite, signedIn: true},
	ViewPeople:     {scope: ScopeMediaRead, signedIn: true},
	ManageAccount:  {scope: ScopeAccount, signedIn: true},
	ManageSite:     {scope: ScopeAdmin, signedIn: true},
}

// allow decides an action that needs no object.
func (a Actor) allow(action Action) error {
	if a.system {
		return nil
	}
	r := rules[action]
	switch {
	case r.signedIn && !a.SignedIn():
		return &Error{Code: CodeUnauthenticated, Key: "error.unauthenticated"}
	case !a.Has(r.scope):
		return &Error{Code: CodeForbidden, Key: "error.scope", Args: map[string]any{"Scope": string(r.scope)}}
	case action == ManageSite && !a.IsAdmin():
		return NotFound("page") // the admin area does not exist for others
	}
	return nil
}

// allowSystem lets only Albumen itself pass: workers and schedules.
func (a Actor) allowSystem() error {
	if !a.system {
		return NotFound("page")
	}
	return nil
}

// allowOn decides an action on an object on which the actor has the role.
func (a Actor) allowOn(action Action, what string, role Role, trashed bool) error {
	if a.system {
		return nil
	}
	r := rules[action]
	visible := role >= RoleViewer && (!trashed || role == RoleOwner)
	switch {
	case !visible:
		return NotFound(what)
	case a.SignedIn() && !a.Has(r.scope):
		return &Error{Code: CodeForbidden, Key: "error.scope", Args: map[string]any{"Scope": string(r.scope)}}
	case r.signedIn && !a.SignedIn():
		return &Error{Code: CodeUnauthenticated, Key: "error.unauthenticated"}
	case r.download && a.link != nil && !a.link.Download:
		return &Error{Code: CodeForbidden, Key: "error.link_download"}
	case r.guest && (a.link == nil || !a.link.Upload):
		return &Error{Code: CodeForbidden, Key: "error.link_upload"}
	case role < r.role:
		return &Error{Code: CodeForbidden, Key: "error.forbidden"}
	case trashed && !r.trashed && action != ViewMedia && action != DownloadMedia:
		return &Error{Code: CodeConflict, Key: "error.in_trash"}
	}
	return nil
}

// roleOf turns the relation's answer ("" is none) into a Role.
func roleOf(r string) Role {
	switch db.AlbumRole(r) {
	case db.AlbumRoleViewer:
		return RoleViewer
	case db.AlbumRoleContributor:
		return RoleContributor
	case db.AlbumRoleAdmin:
		return RoleAdmin
	case db.AlbumRoleOwner:
		return RoleOwner
	}
	return RoleNone
}

// authorizeMedia loads the item when the actor may do the action to it. It is
// the door to single items; the files (bytes.go) go through allowOn as well,
// with a query of their own that brings the object along.
func (a *App) authorizeMedia(ctx context.Context, actor Actor, action Action, id uuid.UUID) (db.Media, Role, error) {
	return authorizeMedia(ctx, a.db.Queries, actor, action, id)
}

// authorizeMedia is the same within a transaction, which must not wait for a
// second connection.
func authorizeMedia(ctx context.Context, q *db.Queries, actor Actor, action Action, id uuid.UUID) (db.Media, Role, error) {
	row, err := q.MediaWithRole(ctx, db.MediaWithRoleParams{ID: id, Subjects: actor.Subjects()})
	if db.IsNotFound(err) {
		return db.Media{}, RoleNone, NotFound("photo")
	}
	if err != nil {
		return db.Media{}, RoleNone, fmt.Errorf("load media %s: %w", id, err)
	}
	role := roleOf(row.Role)
	if err := actor.allowOn(action, "photo", role, row.Media.TrashedAt != nil); err != nil {
		return db.Media{}, role, err
	}
	return row.Media, role, nil
}

// authorizeAlbum is authorizeMedia for albums.
func (a *App) authorizeAlbum(ctx context.Context, actor Actor, action Action, id uuid.UUID) (db.Album, Role, error) {
	return authorizeAlbum(ctx, a.db.Queries, actor, action, id)
}

// authorizeAlbum is the same within a transaction.
func authorizeAlbum(ctx context.Context, q *db.Queries, actor Actor, action Action, id uuid.UUID) (db.Album, Role, error) {
	row, err := q.AlbumWithRole(ctx, db.AlbumWithRoleParams{ID: id, Subjects: actor.Subjects()})
	if db.IsNotFound(err) {
		return db.Album{}, RoleNone, NotFound("album")
	}
	if err != nil {
		return db.Album{}, RoleNone, fmt.Errorf("load album %s: %w", id, err)
	}
	role := roleOf(row.Role)
	if err := actor.allowOn(action, "album", role, row.Album.TrashedAt != nil); err != nil {
		return db.Album{}, role, err
	}
	return row.Album, role, nil
}
