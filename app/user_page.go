package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
)

// The values of UserQuery.Role and UserQuery.State.
const (
	UserRoleAdmin  = "admin"
	UserRoleMember = "member"

	UserActive    = "active"
	UserSuspended = "suspended"
	UserLeaving   = "leaving" // being deleted
)

// cursorUser begins the cursors of the list of accounts.
const cursorUser = 'm'

// UserQuery asks for one page of the accounts. At most one of Before and After
// is set.
type UserQuery struct {
	Q             string    // part of a name or an e-mail address
	Role          string    // UserRoleAdmin or UserRoleMember; empty: any
	State         string    // UserActive, UserSuspended or UserLeaving; empty: any
	Group         uuid.UUID // its members; zero: any
	After, Before string    // cursors: the page that follows, or precedes
	Limit         int       // 0: DefaultPageSize; at most MaxPageSize
}

// UserRow is an account as administrators see it.
type UserRow struct {
	db.User
	Leaving bool // being deleted
}

// State is UserActive, UserSuspended or UserLeaving.
func (u UserRow) State() string {
	switch {
	case u.Leaving:
		return UserLeaving
	case u.SuspendedAt != nil:
		return UserSuspended
	}
	return UserActive
}

// UserPage is one page of accounts by e-mail address. Next and Prev are the
// cursors for After and Before, "" where there is no such page.
type UserPage struct {
	Users      []UserRow
	Next, Prev string
}

// UserPage returns a page of the accounts; only site admins and the system may.
// CodeInvalid names the fields role, state, after, before or limit.
func (a *App) UserPage(ctx context.Context, actor Actor, q UserQuery) (UserPage, error) {
	if err := actor.allow(ManageSite); err != nil {
		return UserPage{}, err
	}
	params, limit, err := q.params()
	if err != nil {
		return UserPage{}, err
	}
	rows, err := a.db.UserPage(ctx, params)
	if err != nil {
		return UserPage{}, fmt.Errorf("list the accounts: %w", err)
	}
	more := len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	page := UserPage{}
	for _, r := range rows {
		page.Users = append(page.Users, UserRow{r.User, r.Leaving})
	}
	if q.Before != "" {
		slices.Reverse(page.Users)
	}
	if len(page.Users) == 0 {
		return page, nil
	}
	if more || q.Before != "" {
		page.Next = encodeUserCursor(page.Users[len(page.Users)-1].Email)
	}
	if q.After != "" || q.Before != "" && more {
		page.Prev = encodeUserCursor(page.Users[0].Email)
	}
	return page, nil
}

func (q UserQuery) params() (params db.UserPageParams, limit int, err error) {
	fields := map[string]string{}
	if !slices.Contains([]string{"", UserRoleAdmin, UserRoleMember}, q.Role) {
		fields["role"] = "error.user_role"
	}
	if !slices.Contains([]string{"", UserActive, UserSuspended, UserLeaving}, q.State) {
		fields["state"] = "error.user_state"
	}
	if limit, err = pageSize(q.Limit); err != nil {
		return params, 0, err
	}
	after, ok := decodeUserCursor(q.After)
	if !ok {
		fields["after"] = "page.cursor_bad"
	}
	before, ok := decodeUserCursor(q.Before)
	if !ok || q.After != "" && q.Before != "" {
		fields["before"] = "page.cursor_bad"
	}
	if len(fields) > 0 {
		return params, 0, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	text := strings.TrimSpace(q.Q)
	if !storable(text) {
		text = "\uFFFD" // nobody is called that
	}
	return db.UserPageParams{
		Q: text, Role: q.Role, State: q.State, GroupID: q.Group, After: after, Before: before, N: int32(limit) + 1,
	}, limit, nil
}

func encodeUserCursor(email string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorUser}, strings.ToLower(email)...))
}

func decodeUserCursor(s string) (email string, ok bool) {
	if s == "" {
		return "", true
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 2 || b[0] != cursorUser || !storable(string(b[1:])) {
		return "", false
	}
	return string(b[1:]), true
}

// UserDetail is one account with what an administrator may know about it: how
// much there is, not what.
type UserDetail struct {
	UserRow
	Heir          string // e-mail address of who gets albums and photos; only while Leaving
	Groups        []db.Group
	Items, Albums int
	Self          bool // the actor's own
	LastAdmin     bool // the only administrator who can sign in
	SecondFactor  bool // the password alone does not let in
}

// UserDetail returns one account; only site admins and the system may.
func (a *App) UserDetail(ctx context.Context, actor Actor, id uuid.UUID) (UserDetail, error) {
	if err := actor.allow(ManageSite); err != nil {
		return UserDetail{}, err
	}
	row, err := a.db.UserWithState(ctx, id)
	if db.IsNotFound(err) {
		return UserDetail{}, NotFound("user")
	}
	if err != nil {
		return UserDetail{}, fmt.Errorf("load an account: %w", err)
	}
	d := UserDetail{UserRow: UserRow{row.User, row.Leaving}, Self: id == actor.UserID()}
	if row.HeirEmail != nil {
		d.Heir = *row.HeirEmail
	}
	if d.Groups, err = a.db.GroupsOf(ctx, id); err != nil {
		return d, fmt.Errorf("list the groups of a user: %w", err)
	}
	factors, err := factorsOf(ctx, a.db.Queries, id)
	if err != nil {
		return d, err
	}
	d.SecondFactor = factors.SecondStep()
	holds, err := a.db.HoldingsOf(ctx, id)
	if err != nil {
		return d, fmt.Errorf("count what a user has: %w", err)
	}
	d.Items, d.Albums = int(holds.Items), int(holds.Albums)
	if d.IsAdmin && d.SuspendedAt == nil {
		admins, err := a.db.CountAdmins(ctx)
		if err != nil {
			return d, fmt.Errorf("count the administrators: %w", err)
		}
		d.LastAdmin = admins == 1
	}
	return d, nil
}
