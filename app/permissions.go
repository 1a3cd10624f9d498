package app

import (
	"cmp"
	"slices"
)

// Permission is one row of the rule table, for docs/permissions.md.
type Permission struct {
	Action   Action
	Role     Role  // the least on the object; RoleNone for acts without one
	Scope    Scope // that a token needs
	SignedIn bool  // visitors and share links may not
	Trashed  bool  // also while the object lies in the trash
	Download bool  // a share link must allow downloads
}

// Permissions returns the rule table by action. Nothing decides by it: use-cases
// ask the table itself.
func Permissions() []Permission {
	var all []Permission
	for action, r := range rules {
		all = append(all, Permission{action, r.role, r.scope, r.signedIn, r.trashed, r.download})
	}
	slices.SortFunc(all, func(x, y Permission) int { return cmp.Compare(x.Action, y.Action) })
	return all
}

// String is the role's name.
func (r Role) String() string {
	return [...]string{RoleNone: "none", RoleViewer: "viewer", RoleContributor: "contributor", RoleAdmin: "admin", RoleOwner: "owner"}[r]
}
