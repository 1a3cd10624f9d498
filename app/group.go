package app

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// GroupRow is a group in a list.
type GroupRow struct {
	db.Group
	Members, Albums int // Albums: to which it was granted
}

// Groups lists every group by name; only site admins and the system may.
func (a *App) Groups(ctx context.Context, actor Actor) ([]GroupRow, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	rows, err := a.db.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the groups: %w", err)
	}
	groups := make([]GroupRow, len(rows))
	for i, r := range rows {
		groups[i] = GroupRow{r.Group, int(r.Members), int(r.Albums)}
	}
	return groups, nil
}

// GroupDetail is a group with a page of its members.
type GroupDetail struct {
	db.Group
	Members []db.User // by e-mail address
	Total   int       // of all pages
	Next    string    // cursor; "" at the end
}

// Group returns a group with the page of its members that follows the cursor
// after; only site admins and the system may.
func (a *App) Group(ctx context.Context, actor Actor, id uuid.UUID, after string, limit int) (GroupDetail, error) {
	if err := actor.allow(ManageSite); err != nil {
		return GroupDetail{}, err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return GroupDetail{}, err
	}
	email, ok := decodeUserCursor(after)
	if !ok {
		return GroupDetail{}, Invalid("after", "page.cursor_bad")
	}
	group, err := a.db.GroupByID(ctx, id)
	if db.IsNotFound(err) {
		return GroupDetail{}, NotFound("group")
	}
	if err != nil {
		return GroupDetail{}, fmt.Errorf("load a group: %w", err)
	}
	d := GroupDetail{Group: group}
	if d.Members, err = a.db.GroupMembers(ctx, db.GroupMembersParams{GroupID: id, After: email, N: int32(limit) + 1}); err != nil {
		return d, fmt.Errorf("list the members of a group: %w", err)
	}
	if len(d.Members) > limit {
		d.Members = d.Members[:limit]
		d.Next = encodeUserCursor(d.Members[limit-1].Email)
	}
	total, err := a.db.CountGroupMembers(ctx, id)
	d.Total = int(total)
	return d, wrap(err, "count the members of a group")
}

// CreateGroup makes an empty group. CodeInvalid names the field name.
func (a *App) CreateGroup(ctx context.Context, actor Actor, name string) (db.Group, error) {
	if err := actor.allow(ManageSite); err != nil {
		return db.Group{}, err
	}
	name, err := groupName(name)
	if err != nil {
		return db.Group{}, err
	}
	var group db.Group
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if group, err = q.CreateGroup(ctx, db.CreateGroupParams{ID: newID(), Name: name}); err != nil {
			return nameTaken(err, "create a group")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "group.create", Kind: "group", Object: group.ID, Detail: map[string]any{"name": name}})
	})
	return group, err
}

// RenameGroup gives a group another name. CodeInvalid names the field name.
func (a *App) RenameGroup(ctx context.Context, actor Actor, id uuid.UUID, name string) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	name, err := groupName(name)
	if err != nil {
		return err
	}
	return a.changeGroup(ctx, id, func(q *db.Queries, group db.Group) error {
		if group.Name == name {
			return nil
		}
		if err := q.RenameGroup(ctx, db.RenameGroupParams{ID: id, Name: name}); err != nil {
			return nameTaken(err, "rename a group")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "group.rename", Kind: "group", Object: id, Detail: map[string]any{
			"before": group.Name, "after": name,
		}})
	})
}

// DeleteGroup deletes a group; what its members could see only through it, they
// can no longer see.
func (a *App) DeleteGroup(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	return a.changeGroup(ctx, id, func(q *db.Queries, group db.Group) error {
		n, err := q.CountGroupMembers(ctx, id)
		if err != nil {
			return fmt.Errorf("count the members of a group: %w", err)
		}
		if err := q.DeleteGroup(ctx, id); err != nil {
			return fmt.Errorf("delete a group: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "group.delete", Kind: "group", Object: id, Detail: map[string]any{
			"name": group.Name, "members": n,
		}})
	})
}

// AddGroupMember puts a person into a group, who from then on may see what the
// group may; one who is there already stays.
func (a *App) AddGroupMember(ctx context.Context, actor Actor, group, user uuid.UUID) error {
	return a.changeGroupMember(ctx, actor, group, user, true)
}

// RemoveGroupMember takes a person out of a group; CodeNotFound for one who is
// not in it.
func (a *App) RemoveGroupMember(ctx context.Context, actor Actor, group, user uuid.UUID) error {
	return a.changeGroupMember(ctx, actor, group, user, false)
}

func (a *App) changeGroupMember(ctx context.Context, actor Actor, group, userID uuid.UUID, add bool) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	return a.changeGroup(ctx, group, func(q *db.Queries, g db.Group) error {
		user, err := userForChange(ctx, q, userID)
		if err != nil {
			return err
		}
		action := AuditAction("group.add_member")
		var n int64
		if add {
			n, err = q.AddGroupMember(ctx, db.AddGroupMemberParams{GroupID: group, UserID: userID})
		} else {
			action = "group.remove_member"
			if n, err = q.RemoveGroupMember(ctx, db.RemoveGroupMemberParams{GroupID: group, UserID: userID}); err == nil && n == 0 {
				return NotFound("user")
			}
		}
		if err != nil || n == 0 {
			return wrap(err, "change the members of a group")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: action, Kind: "group", Object: group, Subject: userID, Detail: map[string]any{
			"group": g.Name, "name": user.Name, "email": user.Email,
		}})
	})
}

func (a *App) changeGroup(ctx context.Context, id uuid.UUID, change func(*db.Queries, db.Group) error) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		group, err := q.LockGroup(ctx, id)
		if db.IsNotFound(err) {
			return NotFound("group")
		}
		if err != nil {
			return fmt.Errorf("lock a group: %w", err)
		}
		return change(q, group)
	})
}

func groupName(text string) (string, error) {
	name := strings.TrimSpace(text)
	if name == "" || utf8.RuneCountInString(name) > maxNameChars || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", Invalid("name", "error.group_name")
	}
	return name, nil
}

func nameTaken(err error, doing string) error {
	if db.UniqueViolation(err) != "" {
		return Invalid("name", "error.group_taken")
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// suggestedUsers bounds a picker's list.
const suggestedUsers = 1000

// SuggestUsers returns accounts by e-mail address, for pickers: as many as a
// page can carry. Only site admins and the system may.
func (a *App) SuggestUsers(ctx context.Context, actor Actor) ([]db.SuggestUsersRow, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	users, err := a.db.SuggestUsers(ctx, suggestedUsers)
	return users, wrap(err, "list accounts for a picker")
}
