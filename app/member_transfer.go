package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// TransferAlbum makes one of the album's admins its owner; the owner so far
// becomes an admin. Photos stay their uploaders', albums below their owners'.
// CodeInvalid names the field owner: nobody becomes an owner who was not
// trusted with the album before.
func (a *App) TransferAlbum(ctx context.Context, actor Actor, album, to uuid.UUID) error {
	err := a.changeMembers(ctx, actor, TransferAlbum, album, func(q *db.Queries, al db.Album, _ Role) error {
		heir, err := q.LockUser(ctx, to)
		if db.IsNotFound(err) {
			return Invalid("owner", "error.transfer_to")
		}
		if err != nil {
			return fmt.Errorf("lock an account: %w", err)
		}
		role, err := q.RoleOfUser(ctx, db.RoleOfUserParams{AlbumID: album, UserID: to})
		if err != nil {
			return fmt.Errorf("load the role of the new owner: %w", err)
		}
		if db.AlbumRole(role) != db.AlbumRoleAdmin || heir.SuspendedAt != nil {
			return Invalid("owner", "error.transfer_to")
		}
		former, err := userForChange(ctx, q, al.OwnerID)
		if err != nil {
			return err
		}
		if err := q.DropGrantsOfOn(ctx, db.DropGrantsOfOnParams{UserID: to, Ids: []uuid.UUID{album}}); err != nil {
			return fmt.Errorf("drop what the new owner was granted: %w", err)
		}
		if err := q.DropGrantsOfOn(ctx, db.DropGrantsOfOnParams{UserID: former.ID, Ids: []uuid.UUID{album}}); err != nil {
			return fmt.Errorf("drop what the owner was granted: %w", err)
		}
		if err := q.SetAlbumOwner(ctx, db.SetAlbumOwnerParams{ID: album, OwnerID: to, Now: a.now()}); err != nil {
			return fmt.Errorf("give an album to somebody else: %w", err)
		}
		_, err = q.AddGrant(ctx, db.AddGrantParams{
			ID: newID(), AlbumID: album, UserID: &former.ID, Role: db.AlbumRoleAdmin, GrantedBy: actor.userRef(), Now: a.now(),
		})
		if err != nil {
			return fmt.Errorf("make the owner so far an admin: %w", err)
		}
		err = a.audit(ctx, q, actor, auditEvent{Action: "album.transfer", Kind: "album", Object: album, Subject: to, Detail: map[string]any{
			"album": al.Title, "before": former.Name, "after": heir.Name,
		}})
		if err != nil {
			return err
		}
		return a.mailMembers(ctx, q, actor, "album.transfer", al, db.AlbumGrant{UserID: &to}, "")
	})
	return a.mailed(ctx, err)
}
