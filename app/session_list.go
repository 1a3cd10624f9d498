package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// OwnSession is one browser in which the actor is signed in.
type OwnSession struct {
	ID         uuid.UUID // names it; it is no secret
	Current    bool      // the browser that asks
	Address    string    // of the last request, at most a minute behind
	UserAgent  string
	Remembered bool
	Way        Way
	SignedInAt time.Time
	LastSeenAt time.Time
}

// OwnSessions lists the browsers in which the actor is signed in, the one used
// last first. current is the session's token of the browser that asks, "" for
// programs.
func (a *App) OwnSessions(ctx context.Context, actor Actor, current string) ([]OwnSession, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return nil, err
	}
	now := a.now()
	rows, err := a.db.ListSessionsOf(ctx, db.ListSessionsOfParams{
		UserID: actor.UserID(), Current: hashSecret(current), Now: now,
		IdleSince: now.Add(-SessionBrief), RememberedIdleSince: now.Add(-SessionIdle),
	})
	if err != nil {
		return nil, fmt.Errorf("list the sessions: %w", err)
	}
	list := make([]OwnSession, len(rows))
	for i, r := range rows {
		list[i] = OwnSession{r.ID, r.IsCurrent, r.Ip, r.UserAgent, r.Remembered, Way(r.Way), r.CreatedAt, r.LastSeenAt}
	}
	return list, nil
}

// EndSession signs the actor out in one browser.
func (a *App) EndSession(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.DeleteSessionOf(ctx, db.DeleteSessionOfParams{ID: id, UserID: actor.UserID()})
		if err != nil {
			return fmt.Errorf("end a session: %w", err)
		}
		if n == 0 {
			return NotFound("session")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "session.end", Kind: "session", Object: id})
	})
}

// EndOtherSessions signs the actor out everywhere but in the browser with the
// token current, and returns in how many that was; "" ends all of them.
func (a *App) EndOtherSessions(ctx context.Context, actor Actor, current string) (int, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return 0, err
	}
	ended := 0
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.DeleteOtherSessionsOf(ctx, db.DeleteOtherSessionsOfParams{UserID: actor.UserID(), Current: hashSecret(current)})
		if err != nil {
			return fmt.Errorf("end the other sessions: %w", err)
		}
		if ended = int(n); n == 0 {
			return nil
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "session.end_others", Kind: "session", Detail: map[string]any{"sessions": n}})
	})
	return ended, err
}
