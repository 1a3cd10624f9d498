package app

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// AuditAction names what was done, as noun.verb; the message audit.ACTION says
// it to a person.
type AuditAction string

// auditEvent is one row of the audit log.
type auditEvent struct {
	Action  AuditAction
	Kind    string    // of the object: album, user, group, link, invitation, media, settings …
	Object  uuid.UUID // zero: none
	Subject uuid.UUID // the person whom it concerns, beside the actor; zero: none
	// Detail is what tells the story later: names as they are now, and what
	// changed as "before" and "after". Never a secret.
	Detail map[string]any
}

// audit records the event within the transaction that does what it tells of,
// so that neither can be without the other.
func (a *App) audit(ctx context.Context, q *db.Queries, actor Actor, e auditEvent) error {
	detail := e.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	text, err := json.Marshal(detail) // keys in order
	if err != nil {
		return fmt.Errorf("write %s into the audit log: %w", e.Action, err)
	}
	origin := OriginOf(ctx)
	row := db.AddAuditParams{
		// What PostgreSQL keeps of a time, so that the commitment can be computed again.
		At: a.now().Truncate(time.Microsecond).UTC(), ActorKind: actor.kind(), Action: string(e.Action), ObjectKind: e.Kind,
		RequestID: origin.RequestID, Detail: text, Salt: randomBytes(16),
	}
	if origin.Addr.IsValid() {
		row.Ip = origin.Addr.Unmap().String()
	}
	if e.Object != uuid.Nil {
		row.ObjectID = &e.Object
	}
	if e.Subject != uuid.Nil {
		row.SubjectID = &e.Subject
	}
	switch {
	case actor.user != nil:
		row.ActorID = &actor.user.ID
	case actor.link != nil:
		row.ActorID = &actor.link.ID
	}
	row.Commitment = auditCommitment(row)
	if err := q.AddAudit(ctx, row); err != nil {
		return fmt.Errorf("write %s into the audit log: %w", e.Action, err)
	}
	return nil
}

// kind is how the audit log calls the actor.
func (a Actor) kind() string {
	switch {
	case a.system:
		return "system"
	case a.user != nil && a.token:
		return "token"
	case a.user != nil:
		return "user"
	case a.link != nil:
		return "link"
	}
	return "visitor"
}

// auditCommitment is SHA-256 over the salt and every column that a person could
// want to change later, each preceded by its length as 8 bytes, big-endian.
func auditCommitment(r db.AddAuditParams) []byte {
	h := sha256.New()
	part := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	id := func(id *uuid.UUID) {
		if id == nil {
			part(nil)
			return
		}
		part(id[:])
	}
	part(r.Salt)
	part([]byte(r.At.UTC().Format(time.RFC3339Nano)))
	id(r.ActorID)
	part([]byte(r.ActorKind))
	part([]byte(r.Action))
	part([]byte(r.ObjectKind))
	id(r.ObjectID)
	id(r.SubjectID)
	part([]byte(r.Ip))
	part([]byte(r.RequestID))
	part(canonicalJSON(r.Detail))
	return h.Sum(nil)
}

// canonicalJSON writes JSON as encoding/json does, keys in order: jsonb gives
// back the same values, not the same text.
func canonicalJSON(text []byte) []byte {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return text // what is no JSON any more commits to nothing that was written
	}
	again, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return again
}
