package app

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// AuditQuery asks for entries of the audit log, newest first.
type AuditQuery struct {
	Who    string     // part of a name or an e-mail address, or an id: who did it or whom it concerns
	Action string     // such as album.create, or a group of them such as album
	Kind   string     // of the object
	Object *uuid.UUID // nil: any
	Since  time.Time  // zero: from the beginning
	Until  time.Time  // not included; zero: until now
	IP     string     // or how it begins
	Text   string     // beginnings of words of what the entries tell
	Cursor string
	Limit  int // 0: 50; at most 200
}

// AuditEntry is one entry.
type AuditEntry struct {
	db.AuditLog
	ActorName   string // of the account now; "" where it is gone or was none
	SubjectName string
	ObjectOpen  bool // the object is there, and the reader may see it
}

// Erased reports an entry that was emptied with a person.
func (e AuditEntry) Erased() bool { return len(e.Salt) == 0 }

// AuditPage is a part of the log.
type AuditPage struct {
	Entries []AuditEntry
	Next    string // cursor; "" at the end
}

const (
	auditPageSize    = 50
	maxAuditPageSize = 200
	auditExportBatch = 1000
	maxAuditText     = 200 // characters of a filter
)

// Audit lists the audit log; only site admins and the system may. CodeInvalid
// names the fields who, ip, text or cursor.
func (a *App) Audit(ctx context.Context, actor Actor, q AuditQuery) (AuditPage, error) {
	if err := actor.allow(ManageSite); err != nil {
		return AuditPage{}, err
	}
	params, err := a.auditParams(ctx, q)
	if err != nil {
		return AuditPage{}, err
	}
	limit := auditLimit(q.Limit)
	params.N = int32(limit) + 1
	rows, err := a.auditRows(ctx, params)
	if err != nil {
		return AuditPage{}, err
	}
	return a.auditPage(ctx, actor, rows, limit)
}

// OwnActivity lists what the actor did and what others did that concerned the
// actor. Of others no address is told, and nothing else by which to find their
// requests; of visitors it is. Only Cursor and Limit of the query count.
func (a *App) OwnActivity(ctx context.Context, actor Actor, q AuditQuery) (AuditPage, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return AuditPage{}, err
	}
	limit := auditLimit(q.Limit)
	params := db.OwnAuditParams{UserID: actor.UserID(), N: int32(limit) + 1}
	var err error
	if params.BeforeAt, params.BeforeID, err = readAuditCursor(q.Cursor); err != nil {
		return AuditPage{}, err
	}
	found, err := a.db.OwnAudit(ctx, params)
	if err != nil {
		return AuditPage{}, fmt.Errorf("list a person's entries of the audit log: %w", err)
	}
	rows := make([]db.AuditPageRow, len(found))
	for i, r := range found {
		rows[i] = db.AuditPageRow(r)
		if own := r.AuditLog.ActorID != nil && *r.AuditLog.ActorID == actor.UserID(); !own && r.AuditLog.ActorKind != "visitor" {
			rows[i].AuditLog.Ip, rows[i].AuditLog.RequestID = "", ""
		}
	}
	return a.auditPage(ctx, actor, rows, limit)
}

// ExportAudit gives all entries that fit to each, newest first, and writes down
// that it did. Only site admins and the system may.
func (a *App) ExportAudit(ctx context.Context, actor Actor, q AuditQuery, each func(AuditEntry) error) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	params, err := a.auditParams(ctx, q)
	if err != nil {
		return err
	}
	params.N = auditExportBatch
	detail := map[string]any{}
	for name, value := range map[string]string{"who": q.Who, "action": q.Action, "kind": q.Kind, "ip": q.IP, "text": q.Text} {
		if value != "" {
			detail[name] = value
		}
	}
	if err := a.audit(ctx, a.db.Queries, actor, auditEvent{Action: "audit.export", Kind: "audit", Detail: detail}); err != nil {
		return err
	}
	for {
		rows, err := a.auditRows(ctx, params)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := each(AuditEntry{AuditLog: r.AuditLog, ActorName: r.ActorName, SubjectName: r.SubjectName}); err != nil {
				return err
			}
		}
		if len(rows) < auditExportBatch {
			return nil
		}
		last := rows[len(rows)-1].AuditLog
		params.BeforeAt, params.BeforeID = &last.At, &last.ID
	}
}

// AuditActions lists the actions that occur in the log.
func (a *App) AuditActions(ctx context.Context, actor Actor) ([]string, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	actions, err := a.db.AuditActions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the actions of the audit log: %w", err)
	}
	return actions, nil
}

func auditLimit(n int) int {
	if n <= 0 {
		return auditPageSize
	}
	return min(n, maxAuditPageSize)
}

// auditRows plans the statement for the filters that are set.
func (a *App) auditRows(ctx context.Context, params db.AuditPageParams) (rows []db.AuditPageRow, err error) {
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.PlanForValues(ctx); err != nil {
			return err
		}
		rows, err = q.AuditPage(ctx, params)
		return err
	})
	return rows, wrap(err, "list the audit log")
}

func (a *App) auditParams(ctx context.Context, q AuditQuery) (db.AuditPageParams, error) {
	p := db.AuditPageParams{ObjectID: q.Object}
	for field, value := range map[string]string{"who": q.Who, "action": q.Action, "kind": q.Kind, "ip": q.IP, "text": q.Text} {
		if !storable(value) || utf8.RuneCountInString(value) > maxAuditText {
			return p, Invalid(field, "error.audit_text")
		}
	}
	var err error
	if p.BeforeAt, p.BeforeID, err = readAuditCursor(q.Cursor); err != nil {
		return p, err
	}
	if who := strings.TrimSpace(q.Who); who != "" {
		if p.People, err = a.peopleNamed(ctx, who); err != nil {
			return p, err
		}
	}
	given := func(s string) *string {
		if s = strings.TrimSpace(s); s == "" {
			return nil
		}
		return &s
	}
	p.Action, p.ObjectKind, p.Ip = given(q.Action), given(q.Kind), given(q.IP)
	if p.Ip != nil {
		if addr, err := netip.ParseAddr(*p.Ip); err == nil { // written in the one form in which it is stored
			*p.Ip = addr.Unmap().String()
		}
	}
	if words := strings.Fields(q.Text); len(words) > 0 {
		query := prefixQuery(words)
		p.Words = &query
	}
	if !q.Since.IsZero() {
		p.Since = &q.Since
	}
	if !q.Until.IsZero() {
		p.Until = &q.Until
	}
	return p, nil
}

// prefixQuery writes a tsquery for texts with words that begin like these.
func prefixQuery(words []string) string {
	quote := strings.NewReplacer("'", "''", `\`, `\\`)
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = "'" + quote.Replace(w) + "':*"
	}
	return strings.Join(parts, " & ")
}

// peopleNamed finds whom a filter means. An id is taken as it is: the account
// may be gone.
func (a *App) peopleNamed(ctx context.Context, who string) ([]uuid.UUID, error) {
	if id, err := uuid.Parse(who); err == nil {
		return []uuid.UUID{id}, nil
	}
	escape := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)
	ids, err := a.db.PeopleNamed(ctx, "%"+escape.Replace(who)+"%")
	if err != nil {
		return nil, fmt.Errorf("look for people by name: %w", err)
	}
	if ids == nil {
		ids = []uuid.UUID{} // nobody, which is not anybody
	}
	return ids, nil
}

// auditPage cuts one more than was asked for off and sees what may be opened.
func (a *App) auditPage(ctx context.Context, actor Actor, rows []db.AuditPageRow, limit int) (AuditPage, error) {
	var p AuditPage
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1].AuditLog
		p.Next = auditCursor(last.At, last.ID)
	}
	open := map[uuid.UUID]bool{}
	var known []uuid.UUID // accounts and groups, which admins may see
	for _, r := range rows {
		id := r.AuditLog.ObjectID
		if id == nil {
			continue
		}
		switch r.AuditLog.ObjectKind {
		case "user", "group":
			known = append(known, *id)
			continue
		}
		if _, asked := open[*id]; asked {
			continue
		}
		may, err := a.mayOpen(ctx, actor, r.AuditLog.ObjectKind, *id)
		if err != nil {
			return AuditPage{}, err
		}
		open[*id] = may
	}
	if len(known) > 0 && actor.IsAdmin() {
		ids, err := a.db.ExistingOf(ctx, known)
		if err != nil {
			return AuditPage{}, fmt.Errorf("look which accounts and groups there are: %w", err)
		}
		for _, id := range ids {
			open[id] = true
		}
	}
	p.Entries = make([]AuditEntry, len(rows))
	for i, r := range rows {
		p.Entries[i] = AuditEntry{r.AuditLog, r.ActorName, r.SubjectName, r.AuditLog.ObjectID != nil && open[*r.AuditLog.ObjectID]}
	}
	return p, nil
}

// mayOpen asks the rules that the object's own page asks.
func (a *App) mayOpen(ctx context.Context, actor Actor, kind string, id uuid.UUID) (bool, error) {
	var err error
	switch kind {
	case "album":
		_, _, err = a.authorizeAlbum(ctx, actor, ViewAlbum, id)
	case "media":
		_, _, err = a.authorizeMedia(ctx, actor, ViewMedia, id)
	default:
		return false, nil
	}
	if code := CodeOf(err); err != nil && !slices.Contains([]Code{CodeNotFound, CodeForbidden, CodeUnauthenticated}, code) {
		return false, err
	}
	return err == nil, nil
}

func auditCursor(at time.Time, id int64) string {
	b := binary.BigEndian.AppendUint64([]byte{cursorAudit}, uint64(at.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(id)))
}

func readAuditCursor(s string) (*time.Time, *int64, error) {
	if s == "" {
		return nil, nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 17 || b[0] != cursorAudit {
		return nil, nil, Invalid("cursor", "page.cursor_bad")
	}
	at, id := time.UnixMicro(int64(binary.BigEndian.Uint64(b[1:]))).UTC(), int64(binary.BigEndian.Uint64(b[9:]))
	if at.Year() < -4000 || at.Year() > 200_000 {
		return nil, nil, Invalid("cursor", "page.cursor_bad")
	}
	return &at, &id, nil
}
