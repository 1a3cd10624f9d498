package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const (
	// auditLock is the advisory lock of who seals, trims or signs.
	auditLock = 0x616c626d617564 // "albmaud"
	// sealBatch entries are sealed in a transaction, trimBatch removed.
	sealBatch = 1000
	trimBatch = 5000
)

// The checkpoints of the chain: where it begins and where it ends.
const (
	chainStart = "start" // the last entry that was removed; none: the chain begins with 1
	chainHead  = "head"  // the last entry that was sealed
)

// chainPlace is an entry's place in the chain.
type chainPlace struct {
	seq  int64
	hash []byte
}

// origin of the chain: before its first entry.
func chainOrigin() chainPlace { return chainPlace{hash: make([]byte, sha256.Size)} }

// next is the place of the entry after p: its hash is SHA-256 over the hash
// before, the commitment and the number as 8 bytes, big-endian.
func (p chainPlace) next(commitment []byte) chainPlace {
	h := sha256.New()
	h.Write(p.hash)
	h.Write(commitment)
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(p.seq+1))
	h.Write(n[:])
	return chainPlace{p.seq + 1, h.Sum(nil)}
}

func (p chainPlace) is(o chainPlace) bool { return p.seq == o.seq && hmac.Equal(p.hash, o.hash) }

// signPlace is what only a holder of SECRET_KEY can write beside a checkpoint.
func (a *App) signPlace(kind string, p chainPlace) []byte {
	data := binary.BigEndian.AppendUint64([]byte(kind+" "), uint64(p.seq))
	return a.derive("audit checkpoint", append(data, p.hash...))
}

// errAuditUnsigned stops the sealer: going on would sign what somebody else may
// have put there.
var errAuditUnsigned = errors.New("the end of the audit log is not the one that was signed: run albumen check")

// chainOf reads the checkpoints; ok tells whether their signatures are right.
func (a *App) chainOf(ctx context.Context, q *db.Queries) (start, head chainPlace, ok bool, err error) {
	rows, err := q.AuditCheckpoints(ctx)
	if err != nil {
		return chainPlace{}, chainPlace{}, false, fmt.Errorf("read where the audit log begins and ends: %w", err)
	}
	start, head, ok = chainOrigin(), chainOrigin(), true
	for _, r := range rows {
		p := chainPlace{r.Seq, r.Hash}
		ok = ok && hmac.Equal(r.Signature, a.signPlace(r.Kind, p))
		if r.Kind == chainStart {
			start = p
		} else {
			head = p
		}
	}
	return start, head, ok, nil
}

func (a *App) setCheckpoint(ctx context.Context, q *db.Queries, kind string, p chainPlace) error {
	err := q.SetAuditCheckpoint(ctx, db.SetAuditCheckpointParams{Kind: kind, Seq: p.seq, Hash: p.hash, At: a.now(), Signature: a.signPlace(kind, p)})
	return wrap(err, "sign where the audit log begins or ends")
}

// endOf is the last entry that is sealed, or where the chain starts when it has
// none.
func endOf(ctx context.Context, q *db.Queries, start chainPlace) (chainPlace, error) {
	last, err := q.LastSealed(ctx)
	if db.IsNotFound(err) {
		return start, nil
	}
	if err != nil {
		return chainPlace{}, fmt.Errorf("look for the end of the audit log: %w", err)
	}
	return chainPlace{*last.Seq, last.Hash}, nil
}

// SealAudit gives the entries that have none yet their places in the chain, in
// the order of their ids, and returns how many those were. A transaction that
// is still open may hold an entry with a lower id: it gets a later place, which
// says when it was sealed and not when it happened. Where another process is at
// it, this one does nothing. Only the system may.
func (a *App) SealAudit(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	sealed := 0
	for {
		n := 0
		err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
			n = 0
			if locked, err := q.TryLockAudit(ctx, auditLock); err != nil || !locked {
				return wrap(err, "lock the audit log")
			}
			var err error
			n, err = a.sealStep(ctx, q)
			return err
		})
		if sealed += n; err != nil || n < sealBatch {
			return sealed, err
		}
	}
}

func (a *App) sealStep(ctx context.Context, q *db.Queries) (int, error) {
	rows, err := q.UnsealedAudit(ctx, sealBatch)
	if err != nil || len(rows) == 0 {
		return 0, wrap(err, "list what is to be sealed in the audit log")
	}
	start, head, ok, err := a.chainOf(ctx, q)
	if err != nil {
		return 0, err
	}
	end, err := endOf(ctx, q, start)
	if err != nil {
		return 0, err
	}
	if !ok || !end.is(head) {
		return 0, errAuditUnsigned
	}
	params := db.SealAuditParams{}
	for _, r := range rows {
		head = head.next(r.Commitment)
		params.Ids, params.Seqs, params.Hashes = append(params.Ids, r.ID), append(params.Seqs, head.seq), append(params.Hashes, head.hash)
	}
	n, err := q.SealAudit(ctx, params)
	if err != nil {
		return 0, fmt.Errorf("seal the audit log: %w", err)
	}
	if int(n) != len(rows) {
		return 0, fmt.Errorf("seal the audit log: %d of %d entries were there", n, len(rows))
	}
	return len(rows), a.setCheckpoint(ctx, q, chainHead, head)
}

// TrimAudit removes entries that are older than the settings of the site say
// and returns how many. The chain then begins at a signed checkpoint. Only the
// system may.
func (a *App) TrimAudit(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	settings, err := a.siteSettings(ctx)
	if err != nil || settings.AuditDays <= 0 {
		return 0, err
	}
	before, removed := a.now().AddDate(0, 0, -settings.AuditDays), 0
	for {
		n := 0
		err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
			n = 0
			if locked, err := q.TryLockAudit(ctx, auditLock); err != nil || !locked {
				return wrap(err, "lock the audit log")
			}
			var err error
			n, err = a.trimStep(ctx, q, before)
			return err
		})
		if removed += n; err != nil || n < trimBatch {
			return removed, err
		}
	}
}

// trimStep removes the oldest entries up to the first that is young enough.
func (a *App) trimStep(ctx context.Context, q *db.Queries, before time.Time) (int, error) {
	start, _, ok, err := a.chainOf(ctx, q)
	if err != nil {
		return 0, err
	}
	rows, err := q.AuditChain(ctx, db.AuditChainParams{After: start.seq, N: trimBatch})
	if err != nil {
		return 0, fmt.Errorf("list the oldest entries of the audit log: %w", err)
	}
	if !ok {
		return 0, errAuditUnsigned
	}
	was := start
	for _, r := range rows {
		if !r.At.Before(before) {
			break
		}
		next := start.next(r.Commitment)
		if !next.is(chainPlace{*r.Seq, r.Hash}) {
			return 0, errAuditUnsigned // removing it would remove the evidence
		}
		start = next
	}
	if start.is(was) {
		return 0, nil
	}
	if err := a.setCheckpoint(ctx, q, chainStart, start); err != nil {
		return 0, err
	}
	n, err := q.RemoveAudit(ctx, start.seq)
	return int(n), wrap(err, "remove old entries of the audit log")
}

// SignAudit signs the chain as it stands with the present SECRET_KEY, after that
// was changed or a fault was looked into, and writes down that it did. A chain
// that is broken in itself stays so: only its two ends are signed. Only the
// system may.
func (a *App) SignAudit(ctx context.Context, actor Actor) error {
	if err := actor.allowSystem(); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockAudit(ctx, auditLock); err != nil {
			return fmt.Errorf("lock the audit log: %w", err)
		}
		start, head, _, err := a.chainOf(ctx, q)
		if err != nil {
			return err
		}
		end, err := endOf(ctx, q, start)
		if err != nil {
			return err
		}
		if start.seq > 0 {
			if err := a.setCheckpoint(ctx, q, chainStart, start); err != nil {
				return err
			}
		}
		if err := a.setCheckpoint(ctx, q, chainHead, end); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "audit.sign", Kind: "audit", Detail: map[string]any{"before": head.seq, "after": end.seq}})
	})
}
