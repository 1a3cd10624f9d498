// Package members renders who may see an album, and what can be done about it.
package members

import (
	"albumen/views/albums"
	"albumen/views/ui"
)

// Members is the page of an album's members. Who may not share the album gets People, with names and roles, and the way out.
type Members struct {
	Head    albums.Head
	Open    string // that everybody may see it beside the members; "" where that is not so
	Count   string // "12 people"
	People  []Person
	NextURL string // more people; "" at the end
	Leave   *Leave

	// For those who may share the album:
	InviteURL string // people invited by mail; "" for none
	AddURL    string // POST with email or group, and role; "" for the others
	Email     string // as typed
	Roles     []ui.Option
	Groups    []ui.Option
	Grants    []Grant
	Transfer  *Transfer
	Errors    ui.Errors
}

// Person is somebody who may see the album.
type Person struct {
	Name, Email, Role string
	Suspended         bool
	Sources           []string // where the role comes from
}

// Grant is what was given to a person or a group here.
type Grant struct {
	ID, Name, Note string
	Group          bool
	RoleURL        string // POST with role; "" for what cannot be changed
	Roles          []ui.Option
	RemoveURL      string // POST with links=1 to end those of the person, too
	Links          string // "3 links that Ann made"; "" for none
}

// Leave is the way out, posted to URL with links=1 to end one's own links.
type Leave struct{ URL, Text string }

// Transfer hands the album over, posted to URL with owner.
type Transfer struct {
	URL    string
	Owners []ui.Option // its admins; none: nobody to whom it could go
	Open   bool
}
