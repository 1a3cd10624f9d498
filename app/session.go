package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// How long a browser stays signed in: after the last request where it is to be
// remembered, where it is not (it then forgets its cookie when it is closed,
// too), and at most.
const (
	SessionIdle  = 14 * 24 * time.Hour
	SessionBrief = 12 * time.Hour
	SessionLife  = 90 * 24 * time.Hour
)

// Visitor is the browser behind a session.
type Visitor struct {
	UserID    uuid.UUID // zero: not signed in
	IP        string
	UserAgent string
	Remember  bool // of a new session: SessionIdle holds, not SessionBrief
	Way       Way  // of a new session: what its person came in with
}

// Way is what somebody came in with.
type Way string

// The ways in; "" is not noted.
const (
	WayPassword Way = "password"
	WayCode     Way = "code" // after the password
	WayProvider Way = "provider"
	WayPasskey  Way = "passkey"
	WayKeyStep  Way = "key_step" // a passkey, after the password
)

const maxUserAgent = 300

func (v Visitor) agent() string {
	runes := []rune(v.UserAgent)
	return string(runes[:min(len(runes), maxUserAgent)])
}

// Sessions keeps the sessions of browsers in PostgreSQL, under the hash of
// their token. It decides nothing but whether a session is over.
type Sessions struct {
	db  *db.Pool
	now func() time.Time
}

// NewSessions returns the sessions in pool.
func NewSessions(pool *db.Pool, now func() time.Time) *Sessions { return &Sessions{db: pool, now: now} }

// Session is one that is not over.
type Session struct {
	Data  []byte
	Actor Actor // whose it is: nobody, for a visitor and for a suspended user
}

// Find returns a session and notes that v was there. found is false when there
// is none or it is over.
func (s *Sessions) Find(ctx context.Context, token string, v Visitor) (found Session, ok bool, err error) {
	now, hash := s.now(), hashSecret(token)
	idle, remembered := now.Add(-SessionBrief), now.Add(-SessionIdle)
	row, err := s.db.FindSession(ctx, db.FindSessionParams{TokenHash: hash, Now: now, IdleSince: idle, RememberedIdleSince: remembered})
	seen := row.LastSeenAt
	switch {
	case err == nil:
		found = Session{row.Data, UserActor(row.User)}
	case db.IsNotFound(err):
		var visit db.FindVisitRow
		visit, err = s.db.FindVisit(ctx, db.FindVisitParams{TokenHash: hash, Now: now, IdleSince: idle, RememberedIdleSince: remembered})
		if db.IsNotFound(err) {
			return Session{}, false, nil
		}
		found.Data, seen = visit.Data, visit.LastSeenAt
	}
	if err != nil {
		return Session{}, false, fmt.Errorf("load a session: %w", err)
	}
	if now.Sub(seen) > touchAfter {
		err := s.db.TouchSession(ctx, db.TouchSessionParams{TokenHash: hash, Now: now, Ip: v.IP, UserAgent: v.agent()})
		if err != nil {
			return Session{}, false, fmt.Errorf("note the use of a session: %w", err)
		}
	}
	return found, true, nil
}

// Create stores a new session of v's.
func (s *Sessions) Create(ctx context.Context, token string, data []byte, expires time.Time, v Visitor) error {
	params := db.CreateSessionParams{
		TokenHash: hashSecret(token), Data: data, Ip: v.IP, UserAgent: v.agent(), Remembered: v.Remember, Way: string(v.Way), Now: s.now(), ExpiresAt: expires,
	}
	if v.UserID != (uuid.UUID{}) {
		params.UserID = &v.UserID
	}
	if err := s.db.CreateSession(ctx, params); err != nil {
		return fmt.Errorf("store a session: %w", err)
	}
	return nil
}

// Update changes the data of a session, unless it was ended meanwhile.
func (s *Sessions) Update(ctx context.Context, token string, data []byte) error {
	if err := s.db.UpdateSession(ctx, db.UpdateSessionParams{TokenHash: hashSecret(token), Data: data, Now: s.now()}); err != nil {
		return fmt.Errorf("store a session: %w", err)
	}
	return nil
}

// Delete ends a session; ending none is no error.
func (s *Sessions) Delete(ctx context.Context, token string) error {
	if err := s.db.DeleteSession(ctx, hashSecret(token)); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Sweep removes sessions that are over and returns how many there were.
func (s *Sessions) Sweep(ctx context.Context) (int64, error) {
	now := s.now()
	n, err := s.db.DeleteEndedSessions(ctx, db.DeleteEndedSessionsParams{
		Now: now, IdleSince: now.Add(-SessionBrief), RememberedIdleSince: now.Add(-SessionIdle),
	})
	if err != nil {
		return 0, fmt.Errorf("remove ended sessions: %w", err)
	}
	return n, nil
}
