package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/i18n"
)

// ReportReason says what is wrong with something.
type ReportReason string

// reportReasons are the reasons with their messages, in the order in which they
// are offered.
var reportReasons = []struct {
	reason  ReportReason
	message string
}{
	{"child_abuse", "report.reason.child_abuse"}, {"consent", "report.reason.consent"}, {"violence", "report.reason.violence"},
	{"hate", "report.reason.hate"}, {"copyright", "report.reason.copyright"}, {"personal_data", "report.reason.personal_data"},
	{reasonElse, "report.reason.something_else"},
}

// reasonElse needs words.
const reasonElse ReportReason = "something_else"

// ReportReasons lists the reasons in the order in which they are offered.
func ReportReasons() []ReportReason {
	var all []ReportReason
	for _, r := range reportReasons {
		all = append(all, r.reason)
	}
	return all
}

// Message is the key of the text that people read for the reason.
func (r ReportReason) Message() string {
	for _, known := range reportReasons {
		if known.reason == r {
			return known.message
		}
	}
	return "report.reason.something_else"
}

// What the audit log calls reports and what becomes of them.
const (
	auditReport        AuditAction = "report.create"
	auditReportHide    AuditAction = "report.hide"
	auditReportRestore AuditAction = "report.restore"
	auditReportDismiss AuditAction = "report.dismiss"
	auditReportDelete  AuditAction = "report.delete"
	auditReportView    AuditAction = "report.view"
)

const (
	maxReportText = 5000 // characters
	// Reports by one person or from one network, about anything and about one item.
	reportsPerHour = 10
	reportsOfItem  = 3
	reportWindow   = time.Hour
	itemWindow     = 24 * time.Hour
)

// NewReport is what somebody says about an item.
type NewReport struct {
	Reason  ReportReason
	Message string
	Email   string // where an answer may go; may be empty
	Guard
}

// Evidence is an item as it was when it was first reported.
type Evidence struct {
	Owner       string    `json:"owner"` // name, and address below
	OwnerEmail  string    `json:"owner_email"`
	AlbumID     uuid.UUID `json:"album_id,omitzero"`
	Album       string    `json:"album,omitempty"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Filename    string    `json:"filename"`
	MIME        string    `json:"mime"`
	Bytes       int64     `json:"bytes"`
	SHA256      string    `json:"sha256"` // in hex
	Width       int       `json:"width"`
	Height      int       `json:"height"`
	TakenAt     string    `json:"taken_at"` // local, such as 2024-07-01T12:00:00
	Camera      string    `json:"camera,omitempty"`
	Latitude    *float64  `json:"latitude,omitempty"`
	Longitude   *float64  `json:"longitude,omitempty"`
	Place       string    `json:"place,omitempty"`
	UploadedAt  time.Time `json:"uploaded_at"`
}

// ReportMedia tells the administrators that something is wrong with an item:
// whoever sees it may, also a visitor and the holder of a link. The first report
// opens a case, which keeps the evidence; later ones join it. CodeInvalid names
// the fields reason, message or email, or none for the guard.
func (a *App) ReportMedia(ctx context.Context, actor Actor, id uuid.UUID, n NewReport) error {
	if _, _, err := a.authorizeMedia(ctx, actor, ReportMedia, id); err != nil {
		return err
	}
	if trapped, err := a.checkGuard(actor, n.Guard); trapped || err != nil {
		return err
	}
	if err := n.check(); err != nil {
		return err
	}
	from := OriginOf(ctx)
	if a.attempts != nil {
		who := actor.sender(from)
		err := a.attempts.Take(ctx, Limit{"report " + who, reportsPerHour, reportWindow}, Limit{"report " + id.String() + " " + who, reportsOfItem, itemWindow})
		if err != nil {
			return err
		}
	}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return a.storeReport(ctx, q, actor, id, n) })
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

func (n *NewReport) check() error {
	fields := map[string]string{}
	if !slices.Contains(ReportReasons(), n.Reason) {
		fields["reason"] = "error.report_reason"
	}
	n.Message = strings.TrimSpace(strings.ReplaceAll(n.Message, "\r\n", "\n"))
	if utf8.RuneCountInString(n.Message) > maxReportText || !storable(n.Message) {
		fields["message"] = "error.report_text"
	} else if n.Message == "" && n.Reason == reasonElse {
		fields["message"] = "error.report_empty"
	}
	if n.Email = strings.TrimSpace(n.Email); n.Email != "" {
		n.Email = checkEmail(n.Email, fields)
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return nil
}

// storeReport locks the item before its case, as everything does that lets
// items go.
func (a *App) storeReport(ctx context.Context, q *db.Queries, actor Actor, id uuid.UUID, n NewReport) error {
	m, err := q.LockMedia(ctx, id)
	if db.IsNotFound(err) {
		return NotFound("photo")
	}
	if err != nil {
		return fmt.Errorf("lock media %s: %w", id, err)
	}
	now := a.now()
	c, err := q.OpenReportCase(ctx, id)
	first := db.IsNotFound(err)
	switch {
	case first:
		c, err = a.openCase(ctx, q, m)
	case err == nil:
		err = q.ReportAgain(ctx, db.ReportAgainParams{ID: c.ID, Now: now})
	}
	if err != nil {
		return fmt.Errorf("open a case about %s: %w", id, err)
	}
	row := db.AddReportParams{ID: newID(), CaseID: c.ID, Reason: string(n.Reason), Message: n.Message, Email: n.Email, ReporterKind: actor.kind(), Now: now}
	if from := OriginOf(ctx); from.Addr.IsValid() {
		row.Ip = from.Addr.Unmap().String()
	}
	if actor.SignedIn() {
		row.ReporterID = refOf(actor.UserID())
	}
	if link, ok := actor.Link(); ok {
		row.LinkID = &link.ID
	}
	if err := q.AddReport(ctx, row); err != nil {
		return fmt.Errorf("store a report: %w", err)
	}
	err = a.audit(ctx, q, actor, auditEvent{
		Action: auditReport, Kind: "media", Object: id, Subject: m.OwnerID, Detail: map[string]any{"case": c.ID.String(), "reason": string(n.Reason), "filename": m.Filename},
	})
	if err != nil || !first {
		return err
	}
	return a.mailReport(ctx, q, c.ID, n, m)
}

// openCase writes down what the item is now.
func (a *App) openCase(ctx context.Context, q *db.Queries, m db.Media) (db.ReportCase, error) {
	owner, err := q.UserByID(ctx, m.OwnerID)
	if err != nil {
		return db.ReportCase{}, fmt.Errorf("load the owner: %w", err)
	}
	original, err := q.OriginalOf(ctx, m.ID)
	if err != nil {
		return db.ReportCase{}, fmt.Errorf("load the original: %w", err)
	}
	e := Evidence{
		Owner: owner.Name, OwnerEmail: owner.Email, Title: m.Title, Description: m.Description, Filename: m.Filename, MIME: m.Mime, Bytes: m.Bytes,
		SHA256: hex.EncodeToString(m.Sha256), Width: int(m.Width), Height: int(m.Height), TakenAt: m.TakenAtLocal.Format("2006-01-02T15:04:05"),
		Camera: strings.TrimSpace(m.CameraMake + " " + m.CameraModel), Latitude: m.Latitude, Longitude: m.Longitude, Place: m.Place, UploadedAt: m.UploadedAt.UTC(),
	}
	if m.AlbumID != nil {
		album, err := q.AlbumWithRole(ctx, db.AlbumWithRoleParams{ID: *m.AlbumID, Subjects: []uuid.UUID{}})
		if err != nil {
			return db.ReportCase{}, fmt.Errorf("load the album: %w", err)
		}
		e.AlbumID, e.Album = *m.AlbumID, album.Album.Title
	}
	text, err := json.Marshal(e)
	if err != nil {
		return db.ReportCase{}, fmt.Errorf("write the evidence: %w", err)
	}
	return q.AddReportCase(ctx, db.AddReportCaseParams{
		ID: newID(), MediaID: m.ID, OwnerID: &m.OwnerID, Evidence: text, StorageKey: original.StorageKey, Now: a.now(),
	})
}

// mailReport tells every administrator of a new case.
func (a *App) mailReport(ctx context.Context, q *db.Queries, id uuid.UUID, n NewReport, m db.Media) error {
	admins, err := q.ActiveAdmins(ctx)
	if err != nil {
		return fmt.Errorf("list the administrators: %w", err)
	}
	for _, admin := range admins {
		reader := i18n.With(ctx, i18n.Match(admin.Language, "", a.defaultZone))
		err := a.queueMail(ctx, q, Mail{To: admin.Email, UserID: admin.ID, Template: "report", Data: map[string]string{
			"Reason": i18n.T(reader, n.Reason.Message()), "Message": n.Message, "File": m.Filename,
			"ReportLink": a.link("admin", "reports", id.String()),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
