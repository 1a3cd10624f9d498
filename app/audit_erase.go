package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// eraseAudit empties detail, salt, address and object of every entry of and
// about a person, and of those that tell one of the person's addresses, and puts
// an id that nothing else knows in the place of the person's, so that nobody can
// learn any more, nor find out by guessing, what they said. Commitment and hash
// stay, and with them the chain. It writes down that it did, which albumen check
// wants to see for each entry that is empty.
func (a *App) eraseAudit(ctx context.Context, q *db.Queries, user db.User, emails []string) error {
	nobody := uuid.New() // not of its time, as newID is
	rows, err := q.EraseAudit(ctx, db.EraseAuditParams{UserID: user.ID, Emails: emails, Nobody: nobody})
	if err != nil {
		return fmt.Errorf("erase a person from the audit log: %w", err)
	}
	also := []int64{} // that are neither of nor about the person
	for _, r := range rows {
		if !r.Theirs {
			also = append(also, r.ID)
		}
	}
	return a.audit(ctx, q, SystemActor(), auditEvent{Action: "audit.erase", Kind: "user", Object: nobody, Subject: nobody, Detail: map[string]any{
		"entries": len(rows), "also": also,
	}})
}
