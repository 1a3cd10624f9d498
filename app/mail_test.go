package app_test

import (
	"context"
	"errors"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"albumen/app"
	"albumen/db"
	"albumen/db/dbtest"
	"albumen/mail"
	"albumen/mail/smtptest"
	"albumen/storage"
)

// post is a site whose mails go to a real SMTP server.
type post struct {
	*app.App
	t      testing.TB
	db     *db.Pool
	server *smtptest.Server
	store  storage.Store
	queue  *recorder
	log    *strings.Builder
	wrap   func(mail.Transport) mail.Transport
	now    time.Time
	cfg    mail.SMTPConfig
}

func newPost(t testing.TB) *post {
	p := &post{t: t, db: dbtest.New(t), server: smtptest.New(t, smtptest.Options{StartTLS: true}), queue: &recorder{}, log: &strings.Builder{}, now: time.Now().Truncate(time.Microsecond)}
	store, err := storage.Open("file://" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	p.store = store
	p.cfg = mail.SMTPConfig{Host: smtptest.Host, Port: p.server.Port, TLS: mail.TLSStart, Roots: p.server.Roots, Dial: p.server.Dial, Timeout: 10 * time.Second}
	p.restart()
	return p
}

// restart goes on in another process over the same database.
func (p *post) restart() {
	p.t.Helper()
	base, err := url.Parse("https://photos.example.org")
	if err != nil {
		p.t.Fatal(err)
	}
	var transport mail.Transport = mail.NewSMTP(p.cfg)
	if p.wrap != nil {
		transport = p.wrap(transport)
	}
	p.App = app.New(app.Deps{
		DB: p.db, Storage: p.store, Jobs: p.queue, Live: p.queue, Log: slog.New(slog.NewTextHandler(&lockedWriter{w: p.log}, nil)), SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		DefaultZone: time.UTC, Now: func() time.Time { return p.now },
		Attempts: app.NewRateLimiter(redisPool(p.t), "test:"+uuid.NewString()+":"), PasswordCost: bcrypt.MinCost,
		Mail: app.MailDeps{BaseURL: base, From: &netmail.Address{Name: "Photos", Address: "photos@example.org"}, Transport: transport},
	})
}

type lockedWriter struct {
	mu sync.Mutex
	w  *strings.Builder
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (p *post) exec(sql string, args ...any) {
	p.t.Helper()
	if _, err := p.db.Exec(context.Background(), sql, args...); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
}

func (p *post) user(name string, admin bool) db.User {
	p.t.Helper()
	u, err := p.CreateUser(p.t.Context(), app.SystemActor(), app.NewUser{Email: name + "@example.org", Name: name, Password: goodPassword, Admin: admin})
	if err != nil {
		p.t.Fatal(err)
	}
	return u
}

// send runs one round and returns what it did.
func (p *post) send() app.MailRound {
	p.t.Helper()
	round, err := p.SendMails(p.t.Context(), app.SystemActor())
	if err != nil {
		p.t.Fatal(err)
	}
	return round
}

// mails are the rows as administrators see them.
func (p *post) mails() []app.MailRow {
	p.t.Helper()
	page, err := p.Mails(p.t.Context(), app.SystemActor(), app.MailsQuery{})
	if err != nil {
		p.t.Fatal(err)
	}
	return page.Items
}

func (p *post) test(admin db.User) {
	p.t.Helper()
	if err := p.SendTestMail(p.t.Context(), app.UserActor(admin)); err != nil {
		p.t.Fatal(err)
	}
}

func messageID(m smtptest.Mail) string {
	parsed, err := netmail.ReadMessage(strings.NewReader(m.Data))
	if err != nil {
		return err.Error()
	}
	return parsed.Header.Get("Message-ID")
}

func TestAMailIsSentOnceAndWiped(t *testing.T) {
	p := newPost(t)
	p.test(p.user("admin", true))
	if len(p.queue.jobs) != 1 || p.queue.jobs[0].Kind() != "send_mail" {
		t.Errorf("enqueued %v", p.queue.jobs)
	}
	if got := p.send(); got != (app.MailRound{Sent: 1}) {
		t.Errorf("%+v", got)
	}
	if got := p.send(); got != (app.MailRound{}) {
		t.Errorf("again: %+v", got)
	}
	sent := p.server.Mails()
	if len(sent) != 1 || sent[0].To != "admin@example.org" || !strings.Contains(messageID(sent[0]), "@photos.example.org>") {
		t.Fatalf("the server has %+v", sent)
	}
	rows := p.mails()
	if len(rows) != 1 || rows[0].State != db.MailStateSent || rows[0].EndedAt.IsZero() || rows[0].CanRetry {
		t.Errorf("rows %+v", rows)
	}
	var left int
	if err := p.db.QueryRow(t.Context(), "SELECT count(*) FROM mails WHERE data IS NOT NULL").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d mails keep their content, %v", left, err)
	}
}

func TestMailsAreSealed(t *testing.T) {
	p := newPost(t)
	p.test(p.user("unmistakable", true))
	var data []byte
	if err := p.db.QueryRow(t.Context(), "SELECT data FROM mails").Scan(&data); err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 || strings.Contains(string(data), "unmistakable") {
		t.Errorf("the data is %q", data)
	}
	// What was sealed for one mail opens for no other.
	p.test(p.user("other", true))
	p.exec("UPDATE mails SET data = $1 WHERE recipient = 'other@example.org'", data)
	if got := p.send(); got.Sent != 1 || got.Dead != 1 {
		t.Errorf("%+v", got)
	}
	for _, m := range p.mails() {
		if m.To == "other@example.org" && m.ErrorCode != "unreadable" {
			t.Errorf("%+v", m)
		}
	}
}

func TestTemporaryFailureThenSuccess(t *testing.T) {
	p := newPost(t)
	p.test(p.user("admin", true))
	p.server.OnData(func(smtptest.Mail) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "try later"}
	})
	if got := p.send(); got != (app.MailRound{Failed: 1}) {
		t.Fatalf("%+v", got)
	}
	row := p.mails()[0]
	if row.State != db.MailStateQueued || row.ErrorCode != "later" || !strings.Contains(row.Error, "try later") || !row.NextAt.Equal(p.now.Add(time.Minute)) {
		t.Errorf("%+v", row)
	}
	if got := p.send(); got != (app.MailRound{}) {
		t.Errorf("before its time: %+v", got)
	}
	p.server.OnData(nil)
	p.now = p.now.Add(time.Minute)
	if got := p.send(); got != (app.MailRound{Sent: 1}) {
		t.Errorf("a minute later: %+v", got)
	}
	if row := p.mails()[0]; row.State != db.MailStateSent || row.Attempts != 2 || row.Error != "" {
		t.Errorf("%+v", row)
	}
}

func TestAMailIsGivenUpAfterEightAttempts(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	p.test(admin)
	p.server.OnData(func(smtptest.Mail) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "never"}
	})
	begun := p.now
	for range 20 {
		if p.send().Dead > 0 {
			break
		}
		p.now = p.mails()[0].NextAt
	}
	row := p.mails()[0]
	if row.State != db.MailStateDead || row.Attempts != 8 || row.ErrorCode != "later" || !row.CanRetry {
		t.Fatalf("%+v", row)
	}
	if d := p.now.Sub(begun); d < 12*time.Hour || d > 24*time.Hour {
		t.Errorf("given up after %s", d)
	}

	p.server.OnData(nil)
	if err := p.RetryMail(t.Context(), app.UserActor(admin), row.ID); err != nil {
		t.Fatal(err)
	}
	if got := p.send(); got != (app.MailRound{Sent: 1}) {
		t.Errorf("tried again: %+v", got)
	}
	if err := p.RetryMail(t.Context(), app.UserActor(admin), row.ID); app.CodeOf(err) != app.CodeConflict {
		t.Errorf("a sent one tried again: %v", err)
	}
}

func TestPermanentFailure(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	p.test(admin)
	p.server.OnRcpt(func(string) error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "no such mailbox"}
	})
	if got := p.send(); got != (app.MailRound{Dead: 1}) {
		t.Fatalf("%+v", got)
	}
	row := p.mails()[0]
	if row.State != db.MailStateDead || row.Attempts != 1 || row.ErrorCode != "rejected" || !strings.Contains(row.Error, "no such mailbox") {
		t.Errorf("%+v", row)
	}
	if err := p.DiscardMail(t.Context(), app.UserActor(admin), row.ID); err != nil || len(p.mails()) != 0 {
		t.Errorf("discarded: %v, %v", err, p.mails())
	}
	if err := p.DiscardMail(t.Context(), app.UserActor(admin), row.ID); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("discarded twice: %v", err)
	}
}

// A server that is away costs one attempt of few mails, not of all.
func TestTheServerIsAway(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	for range 12 {
		p.test(admin)
	}
	p.cfg.Password, p.cfg.Username = "wrong", "joe" // it offers no login
	p.cfg.Roots = nil                               // and its certificate is unknown
	p.restart()
	if got := p.send(); got.Failed == 0 || got.Failed > 4 || got.Dead+got.Sent > 0 {
		t.Errorf("%+v", got)
	}
	untouched := 0
	for _, m := range p.mails() {
		if m.Attempts == 0 && m.State == db.MailStateQueued {
			untouched++
		} else if m.ErrorCode != "tls" {
			t.Errorf("%+v", m)
		}
	}
	if untouched < 8 {
		t.Errorf("only %d mails kept all of their attempts", untouched)
	}
}

// dying is a transport whose worker dies after the server has taken the mail
// and before the row says so.
type dying struct {
	mail.Transport
	dead chan struct{}
}

func (d dying) Send(ctx context.Context, m mail.Message) error {
	if err := d.Transport.Send(ctx, m); err != nil {
		return err
	}
	close(d.dead)
	runtime.Goexit()
	return nil
}

func TestAWorkerThatDiesBeforeMarkingRepeatsAtMostOnce(t *testing.T) {
	p := newPost(t)
	p.test(p.user("admin", true))
	for range 4 {
		dead := make(chan struct{})
		p.wrap = func(t mail.Transport) mail.Transport { return dying{t, dead} }
		p.restart()
		if got := p.send(); got.Sent > 0 {
			t.Fatalf("a dead worker noted %+v", got)
		}
		p.now = p.now.Add(time.Minute) // its lease still holds
		p.wrap = nil
		p.restart()
		if got := p.send(); got != (app.MailRound{}) {
			t.Fatalf("while the lease holds: %+v", got)
		}
		p.now = p.now.Add(2 * time.Minute)
	}
	p.send()
	sent := p.server.Mails()
	if len(sent) != 2 || messageID(sent[0]) != messageID(sent[1]) || messageID(sent[0]) == "" {
		t.Errorf("sent %d times, under %v", len(sent), sent)
	}
	if row := p.mails()[0]; row.State != db.MailStateDead || row.ErrorCode != "interrupted" {
		t.Errorf("%+v", row)
	}
}

// A process that is told to stop while it sends gives the mail back.
func TestStoppingWhileSending(t *testing.T) {
	p := newPost(t)
	p.test(p.user("admin", true))
	arrived, release := make(chan struct{}), make(chan struct{})
	p.server.OnData(func(smtptest.Mail) error { close(arrived); <-release; return errors.New("cut off") })
	ctx, stop := context.WithCancel(t.Context())
	go func() { <-arrived; stop() }()
	if _, err := p.SendMails(ctx, app.SystemActor()); err != nil {
		t.Error(err)
	}
	close(release)
	p.server.OnData(nil)
	if got := p.send(); got != (app.MailRound{Sent: 1}) {
		t.Errorf("the next process: %+v", got)
	}
}

func TestManyWorkersSendEachMailOnce(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	for range 30 {
		p.test(admin)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := p.SendMails(t.Context(), app.SystemActor()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ids := map[string]bool{}
	for _, m := range p.server.Mails() {
		ids[messageID(m)] = true
	}
	if len(ids) != 30 || len(p.server.Mails()) != 30 {
		t.Errorf("%d mails arrived, %d different", len(p.server.Mails()), len(ids))
	}
}

func TestOldMailsAreForgotten(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	p.test(admin)
	p.send()
	p.test(admin)
	p.server.OnRcpt(func(string) error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "no"}
	})
	p.send()
	p.now = p.now.Add(8 * 24 * time.Hour)
	if n, err := p.SweepMails(t.Context(), app.SystemActor()); err != nil || n != 0 {
		t.Errorf("after a week %d, %v", n, err)
	}
	for _, m := range p.mails() {
		if m.CanRetry {
			t.Errorf("the content of a dead mail is kept: %+v", m)
		}
	}
	p.now = p.now.Add(30 * 24 * time.Hour)
	if n, err := p.SweepMails(t.Context(), app.SystemActor()); err != nil || n != 2 {
		t.Errorf("after a month %d, %v", n, err)
	}
}
