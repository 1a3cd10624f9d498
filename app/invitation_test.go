package app_test

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

var here = netip.MustParseAddr("192.0.2.7")

func invited(name string) app.NewInvited {
	return app.NewInvited{Name: name, Password: goodPassword, Language: "en", TimeZone: "UTC", Consent: app.ConsentToCurrent()}
}

func (p *post) album(owner db.User) uuid.UUID {
	p.t.Helper()
	id := uuid.Must(uuid.NewV7())
	p.exec("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, 'Summer')", id, owner.ID)
	return id
}

func (p *post) grant(album uuid.UUID, user db.User, role db.AlbumRole) {
	p.t.Helper()
	p.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, $4)", uuid.New(), album, user.ID, role)
}

func (p *post) role(album uuid.UUID, user db.User) string {
	p.t.Helper()
	row, err := p.db.AlbumWithRole(p.t.Context(), db.AlbumWithRoleParams{ID: album, Subjects: app.UserActor(user).Subjects()})
	if err != nil {
		p.t.Fatal(err)
	}
	return row.Role
}

var tokenInMail = regexp.MustCompile(`https://photos\.example\.org/invitations/([a-z2-7]+)`)

// lastToken is the one in the newest mail to the address, once it has been sent.
func (p *post) lastToken(to string) string {
	p.t.Helper()
	p.send()
	for _, m := range slices.Backward(p.server.Mails()) {
		if m.To != to {
			continue
		}
		text := strings.ReplaceAll(strings.ReplaceAll(m.Data, "=\r\n", ""), "=3D", "=")
		if found := tokenInMail.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	p.t.Fatalf("no invitation reached %s", to)
	return ""
}

func (p *post) invite(by db.User, n app.NewInvitation) app.Invitation {
	p.t.Helper()
	i, err := p.Invite(p.t.Context(), app.UserActor(by), n)
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

func TestAnInvitationMakesTheAccountAndTheGrant(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	album := p.album(ann)
	p.exec(`INSERT INTO site_settings (settings) VALUES ('{"sign_up": false, "site_name": "Albumen"}')`)
	i := p.invite(ann, app.NewInvitation{Email: " New@Example.org ", Album: album, Role: db.AlbumRoleContributor, Message: "Come!\r\nSoon."})
	if i.Email != "new@example.org" || i.AlbumTitle != "Summer" || i.Expired || !i.ExpiresAt.Equal(p.now.AddDate(0, 0, 14)) {
		t.Errorf("%+v", i)
	}
	token := p.lastToken("new@example.org")
	data := p.server.Mails()[0].Data
	for _, want := range []string{"ann invites you to", "> Come!", "> Soon.", "look at the photos and add your own"} {
		if !strings.Contains(strings.ReplaceAll(data, "=\r\n", ""), want) {
			t.Errorf("the mail lacks %q:\n%s", want, data)
		}
	}
	offer, err := p.Invitation(t.Context(), app.Actor{}, token)
	if err != nil || offer.Email != "new@example.org" || offer.Inviter != "ann" || offer.AlbumTitle != "Summer" || offer.HasAccount || offer.Mine || offer.Taken {
		t.Errorf("%+v, %v", offer, err)
	}
	user, to, err := p.AcceptInvitationAsNew(t.Context(), token, invited("New"), here)
	if err != nil || to != album || user.Email != "new@example.org" || user.IsAdmin {
		t.Fatalf("%+v, %s, %v", user, to, err)
	}
	if got := p.role(album, user); got != "contributor" {
		t.Errorf("the role is %q", got)
	}
	if _, err := p.SignIn(t.Context(), "new@example.org", goodPassword, here); err != nil {
		t.Error(err)
	}
	if page, err := p.Invitations(t.Context(), app.UserActor(ann), app.InvitationsQuery{Album: album}); err != nil || len(page.Items) != 0 {
		t.Errorf("still open: %+v, %v", page, err)
	}
	var audit []string
	rows, err := p.db.Query(t.Context(), "SELECT action || ' ' || actor_kind FROM audit_log WHERE object_kind = 'invitation' ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		audit = append(audit, s)
	}
	if !slices.Equal(audit, []string{"invitation.create user", "invitation.accept user"}) {
		t.Errorf("audit %q", audit)
	}
}

func TestAnInvitationIsUsedOnce(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	album := p.album(ann)
	p.invite(ann, app.NewInvitation{Email: "new@example.org", Album: album, Role: db.AlbumRoleViewer})
	token := p.lastToken("new@example.org")
	var all sync.WaitGroup
	outcomes := make([]error, 8)
	for n := range outcomes {
		all.Go(func() {
			_, _, outcomes[n] = p.AcceptInvitationAsNew(t.Context(), token, invited(fmt.Sprint("New ", n)), here)
		})
	}
	all.Wait()
	done := 0
	for _, err := range outcomes {
		switch {
		case err == nil:
			done++
		case app.CodeOf(err) != app.CodeNotFound && app.CodeOf(err) != app.CodeConflict:
			t.Errorf("%v", err)
		}
	}
	var accounts int
	if err := p.db.QueryRow(t.Context(), "SELECT count(*) FROM users WHERE email = 'new@example.org'").Scan(&accounts); err != nil || accounts != 1 || done != 1 {
		t.Errorf("%d accepted, %d accounts, %v", done, accounts, err)
	}
	if _, _, err := p.AcceptInvitationAsNew(t.Context(), token, invited("Late"), here); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("used again: %v", err)
	}
	if _, err := p.Invitation(t.Context(), app.Actor{}, token); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("looked at again: %v", err)
	}
}

func TestAnInvitationIsUsedOnceByAnAccount(t *testing.T) {
	p := newPost(t)
	ann, bob := p.user("ann", false), p.user("bob", false)
	album := p.album(ann)
	p.invite(ann, app.NewInvitation{Email: "bob@example.org", Album: album, Role: db.AlbumRoleViewer})
	token := p.lastToken("bob@example.org")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if to, err := p.AcceptInvitation(t.Context(), app.UserActor(bob), token); err != nil || to != album {
				t.Errorf("%s, %v", to, err)
			}
		})
	}
	all.Wait()
	var accepted int
	if err := p.db.QueryRow(t.Context(), "SELECT count(*) FROM audit_log WHERE action = 'invitation.accept'").Scan(&accepted); err != nil || accepted != 1 {
		t.Errorf("accepted %d times, %v", accepted, err)
	}
	offer, err := p.Invitation(t.Context(), app.UserActor(bob), token)
	if err != nil || !offer.Taken || offer.Album != album {
		t.Errorf("opening the link again: %+v, %v", offer, err)
	}
}

func TestAnInvitationIsBoundToItsAddress(t *testing.T) {
	p := newPost(t)
	ann, bob, eve := p.user("ann", false), p.user("bob", false), p.user("eve", false)
	album := p.album(ann)
	p.invite(ann, app.NewInvitation{Email: "bob@example.org", Album: album, Role: db.AlbumRoleAdmin})
	token := p.lastToken("bob@example.org")
	offer, err := p.Invitation(t.Context(), app.UserActor(eve), token)
	if err != nil || offer.Mine || !offer.HasAccount {
		t.Errorf("%+v, %v", offer, err)
	}
	_, err = p.AcceptInvitation(t.Context(), app.UserActor(eve), token)
	var refused *app.Error
	if !errors.As(err, &refused) || refused.Code != app.CodeForbidden || refused.Args["Email"] != "bob@example.org" {
		t.Errorf("%v", err)
	}
	if p.role(album, eve) != "" {
		t.Error("another account has got the role")
	}
	if _, _, err := p.AcceptInvitationAsNew(t.Context(), token, invited("Bob"), here); app.CodeOf(err) != app.CodeConflict {
		t.Errorf("a second account for the address: %v", err)
	}
	for _, actor := range []app.Actor{{}, app.TokenActor(bob, []app.Scope{app.ScopeMediaRead}), app.LinkActor(app.Link{ID: uuid.New()})} {
		if _, err := p.AcceptInvitation(t.Context(), actor, token); err == nil {
			t.Error("accepted by one who may not")
		}
	}
	if _, err := p.AcceptInvitation(t.Context(), app.UserActor(bob), token); err != nil || p.role(album, bob) != "admin" {
		t.Errorf("bob: %v, %q", err, p.role(album, bob))
	}
}

func TestAcceptingNeverLowersARole(t *testing.T) {
	p := newPost(t)
	ann, bob := p.user("ann", false), p.user("bob", false)
	album := p.album(ann)
	p.grant(album, bob, db.AlbumRoleAdmin)
	p.invite(ann, app.NewInvitation{Email: "bob@example.org", Album: album, Role: db.AlbumRoleViewer})
	if _, err := p.AcceptInvitation(t.Context(), app.UserActor(bob), p.lastToken("bob@example.org")); err != nil || p.role(album, bob) != "admin" {
		t.Errorf("%v, %q", err, p.role(album, bob))
	}
}

// The failure of others that this is named after: invitations that minted public links.
func TestInvitationsThatMintedPublicLinks(t *testing.T) {
	p := newPost(t)
	ann, bob := p.user("ann", false), p.user("bob", false)
	album, other := p.album(ann), p.album(ann)
	p.invite(ann, app.NewInvitation{Email: "bob@example.org", Album: album, Role: db.AlbumRoleViewer})
	token := p.lastToken("bob@example.org")
	var before, after int
	count := "SELECT count(*) FROM album_access"
	if err := p.db.QueryRow(t.Context(), count).Scan(&before); err != nil {
		t.Fatal(err)
	}
	// Holding the token is no access by itself.
	if _, err := p.Album(t.Context(), app.Actor{}, album); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("the album is open to everybody: %v", err)
	}
	if _, err := p.AcceptInvitation(t.Context(), app.UserActor(bob), token); err != nil {
		t.Fatal(err)
	}
	if err := p.db.QueryRow(t.Context(), count).Scan(&after); err != nil || after != before+1 {
		t.Errorf("%d rows of access have become %d, %v", before, after, err)
	}
	var links int
	if err := p.db.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM share_links) + (SELECT count(*) FROM albums WHERE visibility <> 'private')").Scan(&links); err != nil || links != 0 {
		t.Errorf("%d links and open albums, %v", links, err)
	}
	if p.role(album, bob) != "viewer" || p.role(other, bob) != "" {
		t.Errorf("bob is %q there and %q elsewhere", p.role(album, bob), p.role(other, bob))
	}
	if _, err := p.Invite(t.Context(), app.UserActor(bob), app.NewInvitation{Email: "x@example.org", Album: album, Role: db.AlbumRoleViewer}); app.CodeOf(err) != app.CodeForbidden {
		t.Errorf("a viewer invites: %v", err)
	}
}

func TestNobodyInvitesAboveTheirOwnRole(t *testing.T) {
	p := newPost(t)
	ann, admin := p.user("ann", false), p.user("admin", false)
	album := p.album(ann)
	p.grant(album, admin, db.AlbumRoleAdmin)
	for _, role := range []db.AlbumRole{db.AlbumRoleOwner, "", "root"} {
		for _, by := range []db.User{ann, admin} {
			if _, err := p.Invite(t.Context(), app.UserActor(by), app.NewInvitation{Email: "x@example.org", Album: album, Role: role}); app.CodeOf(err) != app.CodeInvalid {
				t.Errorf("%s invites as %q: %v", by.Name, role, err)
			}
		}
	}
	p.invite(admin, app.NewInvitation{Email: "x@example.org", Album: album, Role: db.AlbumRoleAdmin})
}

// What takes the right from the inviter takes it from the invitation, also from
// a mail that has not left yet.
func TestAnInvitationIsVoidWithoutTheRightToIt(t *testing.T) {
	for name, change := range map[string]string{
		"role dropped":      "UPDATE album_grants SET role = 'contributor'",
		"role taken":        "DELETE FROM album_grants",
		"inviter suspended": "UPDATE users SET suspended_at = now() WHERE email = 'cat@example.org'",
		"album in trash":    "UPDATE albums SET trashed_at = now()",
		"expired":           "UPDATE invitations SET expires_at = created_at",
		"revoked":           "UPDATE invitations SET revoked_at = created_at",
	} {
		p := newPost(t)
		ann, bob, cat := p.user("ann", false), p.user("bob", false), p.user("cat", false)
		album := p.album(ann)
		p.grant(album, cat, db.AlbumRoleAdmin)
		p.invite(cat, app.NewInvitation{Email: "bob@example.org", Album: album, Role: db.AlbumRoleViewer})
		p.invite(cat, app.NewInvitation{Email: "new@example.org", Album: album, Role: db.AlbumRoleViewer})
		token, fresh := p.lastToken("bob@example.org"), p.lastToken("new@example.org")
		p.invite(cat, app.NewInvitation{Email: "third@example.org", Album: album, Role: db.AlbumRoleViewer})
		p.exec(change)
		if _, err := p.Invitation(t.Context(), app.UserActor(bob), token); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%s: looked at: %v", name, err)
		}
		if _, err := p.AcceptInvitation(t.Context(), app.UserActor(bob), token); app.CodeOf(err) != app.CodeNotFound || p.role(album, bob) != "" {
			t.Errorf("%s: accepted: %v", name, err)
		}
		if _, _, err := p.AcceptInvitationAsNew(t.Context(), fresh, invited("New"), here); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%s: signed up: %v", name, err)
		}
		if got := p.send(); got != (app.MailRound{Dead: 1}) {
			t.Errorf("%s: the mail that waited: %+v", name, got)
		}
	}
}

func TestOnlyAdministratorsMayBringInStrangers(t *testing.T) {
	p := newPost(t)
	ann, bob, admin := p.user("ann", false), p.user("bob", false), p.user("admin", true)
	p.exec(`INSERT INTO site_settings (settings) VALUES ('{"inviters": "admins"}')`)
	album := p.album(ann)
	// The answers are alike, whether there is an account or not.
	known := p.invite(ann, app.NewInvitation{Email: bob.Email, Album: album, Role: db.AlbumRoleViewer})
	unknown := p.invite(ann, app.NewInvitation{Email: "new@example.org", Album: album, Role: db.AlbumRoleViewer})
	known.ID, known.Email, unknown.ID, unknown.Email = uuid.Nil, "", uuid.Nil, ""
	if fmt.Sprint(known) != fmt.Sprint(unknown) {
		t.Errorf("%+v and %+v", known, unknown)
	}
	if got := p.send(); got != (app.MailRound{Sent: 1, Dead: 1}) {
		t.Errorf("%+v", got)
	}
	if got := p.server.Mails(); len(got) != 1 || got[0].To != bob.Email {
		t.Errorf("mails to %+v", got)
	}
	p.invite(admin, app.NewInvitation{Email: "new@example.org"})
	if _, _, err := p.AcceptInvitationAsNew(t.Context(), p.lastToken("new@example.org"), invited("New"), here); err != nil {
		t.Error(err)
	}
}

// Page, API and timing tell no more: the same statements run either way.
func TestInvitingDoesTheSameWorkForEveryAddress(t *testing.T) {
	p := newPost(t)
	ann, bob := p.user("ann", false), p.user("bob", false)
	album := p.album(ann)
	rows := func() (n int) {
		if err := p.db.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM invitations) * 10000 + (SELECT count(*) FROM mails) * 100 + (SELECT count(*) FROM audit_log)").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := rows()
	p.invite(ann, app.NewInvitation{Email: bob.Email, Album: album, Role: db.AlbumRoleViewer})
	between := rows()
	p.invite(ann, app.NewInvitation{Email: "nobody@example.org", Album: album, Role: db.AlbumRoleViewer})
	if after := rows(); after-between != between-before {
		t.Errorf("%d, %d, %d rows", before, between, after)
	}
	// A member gets the same answer once more.
	if _, err := p.AcceptInvitation(t.Context(), app.UserActor(bob), p.lastToken(bob.Email)); err != nil {
		t.Fatal(err)
	}
	p.invite(ann, app.NewInvitation{Email: bob.Email, Album: album, Role: db.AlbumRoleViewer})
}

func TestResendAndRevoke(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	album := p.album(ann)
	i := p.invite(ann, app.NewInvitation{Email: "new@example.org", Album: album, Role: db.AlbumRoleViewer, Days: 3})
	old := p.lastToken("new@example.org")
	p.now = p.now.Add(5 * 24 * time.Hour)
	again, err := p.ResendInvitation(t.Context(), app.UserActor(ann), i.ID)
	if err != nil || again.Sends != 2 || !again.ExpiresAt.Equal(p.now.Add(3*24*time.Hour)) || again.Expired {
		t.Fatalf("%+v, %v", again, err)
	}
	token := p.lastToken("new@example.org")
	if token == old {
		t.Fatal("the same token was sent again")
	}
	if _, err := p.Invitation(t.Context(), app.Actor{}, old); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("the old token: %v", err)
	}
	if _, err := p.Invitation(t.Context(), app.Actor{}, token); err != nil {
		t.Errorf("the new token: %v", err)
	}
	if _, err := p.ResendInvitation(t.Context(), app.UserActor(ann), i.ID); err != nil { // waits in the queue
		t.Fatal(err)
	}
	if err := p.RevokeInvitation(t.Context(), app.UserActor(ann), i.ID); err != nil {
		t.Fatal(err)
	}
	if got := p.send(); got != (app.MailRound{}) {
		t.Errorf("the mail of a revoked invitation: %+v", got)
	}
	if _, err := p.Invitation(t.Context(), app.Actor{}, token); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("after revoking: %v", err)
	}
	if err := p.RevokeInvitation(t.Context(), app.UserActor(ann), i.ID); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("revoked twice: %v", err)
	}
}

func TestInvitationTokensAreStoredAsHashes(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	p.invite(ann, app.NewInvitation{Email: "new@example.org", Album: p.album(ann), Role: db.AlbumRoleViewer})
	token := p.lastToken("new@example.org")
	p.exec("UPDATE mails SET state = 'queued', ended_at = NULL") // all of the row is looked at
	for _, table := range []string{"invitations", "mails", "audit_log"} {
		var found int
		if err := p.db.QueryRow(t.Context(), "SELECT count(*) FROM "+table+" x WHERE x::text LIKE '%' || $1 || '%'", token).Scan(&found); err != nil || found != 0 {
			t.Errorf("%s: %d rows hold the token, %v", table, found, err)
		}
	}
	if strings.Contains(p.log.String(), token) || len(token) < 32 {
		t.Errorf("the token is in the log, or short: %q", token)
	}
}

func TestInvitationIntoGroups(t *testing.T) {
	p := newPost(t)
	admin, ann := p.user("admin", true), p.user("ann", false)
	group, album := uuid.New(), p.album(ann)
	p.exec("INSERT INTO groups (id, name) VALUES ($1, 'Family')", group)
	p.exec("INSERT INTO album_grants (id, album_id, group_id, role) VALUES ($1, $2, $3, 'contributor')", uuid.New(), album, group)
	p.invite(admin, app.NewInvitation{Email: "new@example.org", Groups: []uuid.UUID{group}})
	user, to, err := p.AcceptInvitationAsNew(t.Context(), p.lastToken("new@example.org"), invited("New"), here)
	if err != nil || to != uuid.Nil || p.role(album, user) != "contributor" {
		t.Errorf("%s, %v, role %q", to, err, p.role(album, user))
	}
	for name, n := range map[string]app.NewInvitation{
		"unknown group":    {Email: "x@example.org", Groups: []uuid.UUID{uuid.New()}},
		"role of no album": {Email: "x@example.org", Role: db.AlbumRoleViewer},
		"no address":       {Email: "x"},
		"oneself":          {Email: "ADMIN@example.org"},
		"long message":     {Email: "x@example.org", Message: strings.Repeat("ä", 1001)},
		"controls":         {Email: "x@example.org", Message: "a\x00b"},
		"for ever":         {Email: "x@example.org", Days: 91},
		"backwards":        {Email: "x@example.org", Days: -1},
	} {
		if _, err := p.Invite(t.Context(), app.UserActor(admin), n); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
