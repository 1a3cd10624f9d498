package app

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// AuditFault says what is wrong with the audit log where it first is.
type AuditFault string

// The faults that VerifyAudit finds.
const (
	AuditGap        AuditFault = "gap"        // entries are missing before this one
	AuditBroken     AuditFault = "broken"     // this entry, or the place it has, was changed
	AuditChanged    AuditFault = "changed"    // what this entry says was changed
	AuditEmptied    AuditFault = "emptied"    // this entry was emptied, and no erasure says so
	AuditTruncated  AuditFault = "truncated"  // the last entries are missing, or entries were added or rewritten
	AuditCheckpoint AuditFault = "checkpoint" // where the log begins or ends is not signed with SECRET_KEY
)

// AuditState is what VerifyAudit found.
type AuditState struct {
	Entries int       // that are sealed
	Erased  int       // of those, entries that were emptied with a person
	Waiting int       // not sealed yet
	Oldest  time.Time // of those that wait; zero: none does
	First   int64     // number of the first entry that is kept
	Head    int64     // number of the last that is sealed
	Hash    []byte    // of that one: keep it elsewhere to be sure of all before
	Fault   AuditFault
	FaultAt int64 // number of the entry, or its id where it is not sealed
}

const auditBatch = 2000

// VerifyAudit reads the whole audit log, as it is at one moment, and says where
// it is not as it was written. Only site admins and the system may.
func (a *App) VerifyAudit(ctx context.Context, actor Actor) (AuditState, error) {
	if err := actor.allow(ManageSite); err != nil {
		return AuditState{}, err
	}
	var s AuditState
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, a.db.Pool, options, func(tx pgx.Tx) error {
		v := auditVerifier{q: a.db.WithTx(tx), state: &s}
		return v.run(ctx, a)
	})
	return s, err
}

type auditVerifier struct {
	q      *db.Queries
	state  *AuditState
	people map[uuid.UUID]int64 // who was erased, and the id of the entry that says so
	also   map[int64]bool      // further entries that were erased with somebody
}

func (v *auditVerifier) fault(f AuditFault, at int64) {
	if v.state.Fault == "" {
		v.state.Fault, v.state.FaultAt = f, at
	}
}

func (v *auditVerifier) run(ctx context.Context, a *App) error {
	start, head, ok, err := a.chainOf(ctx, v.q)
	if err != nil {
		return err
	}
	if !ok {
		v.fault(AuditCheckpoint, head.seq)
	}
	if err := v.erasures(ctx); err != nil {
		return err
	}
	end, err := v.chain(ctx, start)
	if err != nil {
		return err
	}
	v.state.First, v.state.Head, v.state.Hash = start.seq+1, end.seq, end.hash
	if !end.is(head) {
		v.fault(AuditTruncated, head.seq)
	}
	return v.waiting(ctx)
}

// chain follows the entries that are sealed and returns the last place.
func (v *auditVerifier) chain(ctx context.Context, at chainPlace) (chainPlace, error) {
	for {
		rows, err := v.q.AuditChain(ctx, db.AuditChainParams{After: at.seq, N: auditBatch})
		if err != nil {
			return at, fmt.Errorf("read the audit log: %w", err)
		}
		for _, r := range rows {
			got := chainPlace{*r.Seq, r.Hash}
			next := at.next(r.Commitment)
			switch {
			case got.seq != next.seq:
				v.fault(AuditGap, got.seq)
			case !got.is(next):
				v.fault(AuditBroken, got.seq)
			}
			v.entry(r, got.seq)
			at = got
			v.state.Entries++
		}
		if len(rows) < auditBatch {
			return at, nil
		}
	}
}

// entry compares what an entry says with what it committed to.
func (v *auditVerifier) entry(r db.AuditLog, at int64) {
	if len(r.Salt) == 0 {
		v.state.Erased++
		if !v.erased(r) {
			v.fault(AuditEmptied, at)
		}
		return
	}
	said := auditCommitment(db.AddAuditParams{
		At: r.At, ActorID: r.ActorID, ActorKind: r.ActorKind, Action: r.Action, ObjectKind: r.ObjectKind, ObjectID: r.ObjectID,
		SubjectID: r.SubjectID, Ip: r.Ip, RequestID: r.RequestID, Detail: r.Detail, Salt: r.Salt,
	})
	if !hmac.Equal(said, r.Commitment) {
		v.fault(AuditChanged, at)
	}
}

// erased reports an entry that an erasure accounts for: one that came later and
// is of somebody whom the entry is of or about, or names it.
func (v *auditVerifier) erased(r db.AuditLog) bool {
	if string(r.Detail) != "{}" || r.Ip != "" {
		return false
	}
	for _, id := range []*uuid.UUID{r.ActorID, r.SubjectID, r.ObjectID} {
		if id != nil && v.people[*id] > r.ID {
			return true
		}
	}
	return v.also[r.ID]
}

// erasures collects who was erased.
func (v *auditVerifier) erasures(ctx context.Context) error {
	rows, err := v.q.AuditErasures(ctx)
	if err != nil {
		return fmt.Errorf("list the erasures in the audit log: %w", err)
	}
	v.people, v.also = map[uuid.UUID]int64{}, map[int64]bool{}
	for _, r := range rows {
		if r.SubjectID != nil {
			v.people[*r.SubjectID] = r.ID
		}
		var detail struct{ Also []int64 }
		if err := json.Unmarshal(r.Detail, &detail); err != nil {
			continue // its commitment will not fit
		}
		for _, id := range detail.Also {
			v.also[id] = true
		}
	}
	return nil
}

// waiting looks at the entries that are not sealed yet.
func (v *auditVerifier) waiting(ctx context.Context) error {
	after := int64(0)
	for {
		rows, err := v.q.AuditUnchained(ctx, db.AuditUnchainedParams{After: after, N: auditBatch})
		if err != nil {
			return fmt.Errorf("read the end of the audit log: %w", err)
		}
		for _, r := range rows {
			erasedBefore := v.state.Erased
			v.entry(r, r.ID)
			v.state.Erased = erasedBefore // of the sealed ones
			v.state.Waiting++
			if v.state.Oldest.IsZero() || r.At.Before(v.state.Oldest) {
				v.state.Oldest = r.At
			}
			after = r.ID
		}
		if len(rows) < auditBatch {
			return nil
		}
	}
}
