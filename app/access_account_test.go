package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/jobs"
	"albumen/mail"
	"albumen/media"
	"albumen/ml"
)

// ownActors are the columns of the tables of use-cases without an object.
var ownActors = strings.Fields("anonymous user admin readtoken accounttoken admintoken suspended")

// ownCase is a use-case that needs no object of somebody's. want has a letter
// for each actor, as in mediaAccess.
type ownCase struct {
	run  func(context.Context, *app.App, app.Actor) error
	want string
}

const (
	reading    = "uoooffu" // one's own items: the scope media.read
	writing    = "uoofffu" // the scope media.write
	accounting = "uoofofu" // the scope account
	managing   = "unoffnu" // site admins with the scope admin
	systemOnly = "nnnnnnn"
)

var ownAccess = map[string]ownCase{
	"Timeline": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Timeline(ctx, x, app.TimelineQuery{}))
	}, reading},
	"HasShared": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.HasShared(ctx, x)) }, reading},
	"Months":    {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Months(ctx, x, "")) }, reading},
	"Favourites": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Favourites(ctx, x, app.ListQuery{}))
	}, reading},
	"Archive": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Archive(ctx, x, app.ListQuery{}))
	}, reading},
	"Trash": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Trash(ctx, x, app.ListQuery{}))
	}, reading},
	"Counts": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Counts(ctx, x)) }, reading},
	"Search": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Search(ctx, x, app.SearchQuery{Q: "x"}))
	}, reading},
	"SearchNotes": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SearchNotes(ctx, x)) }, reading},
	"Records":     {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Records(ctx, x, nil)) }, reading},
	"OwnRecords": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.OwnRecords(ctx, x, app.RecordQuery{}))
	}, reading},
	"TrashState": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.TrashState(ctx, x)) }, reading},
	"EmptyTrash": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.EmptyTrash(ctx, x)) }, writing},

	"LinkRules":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.LinkRules(ctx, x)) }, reading},
	"UploadSpace": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.UploadSpace(ctx, x)) }, writing},

	"Me":       {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Me(ctx, x)) }, "uooooou"},
	"Tokens":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Tokens(ctx, x)) }, accounting},
	"SetTheme": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.SetTheme(ctx, x, "dark") }, accounting},
	"UpdateSettings": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.UpdateSettings(ctx, x, app.Settings{Name: "N", Language: "en", TimeZone: "UTC", Theme: "dark"}))
	}, accounting},
	"Identities":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Identities(ctx, x)) }, accounting},
	"Passkeys":     {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Passkeys(ctx, x)) }, accounting},
	"Factors":      {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Factors(ctx, x)) }, accounting},
	"NoteSignIn":   {func(ctx context.Context, a *app.App, x app.Actor) error { return a.NoteSignIn(ctx, x, app.WayPassword) }, "uooooou"},
	"RemoveAvatar": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.RemoveAvatar(ctx, x) }, accounting},
	"OwnSessions":  {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.OwnSessions(ctx, x, "")) }, accounting},
	"EndOtherSessions": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.EndOtherSessions(ctx, x, ""))
	}, accounting},
	"SiteSettings": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SiteSettings(ctx, x)) }, managing},
	"UpdateSiteSettings": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.UpdateSiteSettings(ctx, x, app.DefaultSiteSettings()))
	}, managing},

	"CreateToken": {func(ctx context.Context, a *app.App, x app.Actor) error {
		_, _, err := a.CreateToken(ctx, x, app.NewToken{Name: "t", Scopes: []app.Scope{app.ScopeAccount}})
		return err
	}, accounting},

	"Users": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Users(ctx, x)) }, managing},
	"UserPage": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.UserPage(ctx, x, app.UserQuery{}))
	}, managing},
	"SuggestUsers": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SuggestUsers(ctx, x)) }, managing},
	"Groups":       {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Groups(ctx, x)) }, managing},
	"CreateGroup": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.CreateGroup(ctx, x, uuid.NewString()))
	}, managing},
	"CheckDrift":       {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.CheckDrift(ctx, x)) }, managing},
	"ProcessingCounts": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.ProcessingCounts(ctx, x)) }, managing},
	"CreateUser": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.CreateUser(ctx, x, app.NewUser{Email: uuid.NewString() + "@example.org", Password: "correct horse battery"}))
	}, managing},

	"Cameras":      {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Cameras(ctx, x)) }, reading},
	"ImportStates": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.ImportStates(ctx, x, nil)) }, reading},
	"ImportFolder": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.ImportFolder(ctx, x, app.Import{Folder: app.ImportPlan{Dir: "."}})
	}, writing},
	"VerifyOriginals": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.VerifyOriginals(ctx, x, func(app.Damage) {}))
	}, managing},
	"Reprocess": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Reprocess(ctx, x, true)) }, managing},
	"FinishedItems": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.FinishedItems(ctx, x, uuid.Nil, nil))
	}, systemOnly},
	"RefreshMetadata": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.RefreshMetadata(ctx, x, app.Claim{}, media.Metadata{}))
	}, systemOnly},
	"CountFinished":  {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.CountFinished(ctx, x, nil)) }, systemOnly},
	"SweepLeftovers": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepLeftovers(ctx, x)) }, systemOnly},

	"MeaningState": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.MeaningState(ctx, x)) }, managing},
	"WaitingEmbeddings": {func(ctx context.Context, a *app.App, x app.Actor) error {
		_, _, err := a.WaitingEmbeddings(ctx, x)
		return err
	}, managing},
	"EmbedAll": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.EmbedAll(ctx, x, app.EmbedOptions{}))
	}, managing},
	"PruneModels": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.PruneModels(ctx, x)) }, managing},
	"RetryEmbedding": {func(ctx context.Context, a *app.App, x app.Actor) error { // nothing has failed, which only admins learn
		return a.RetryEmbedding(ctx, x, uuid.New())
	}, "uncffnu"},
	"UseModel": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.UseModel(ctx, x, 1) }, "unnffnu"},
	"DispatchEmbeddings": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.DispatchEmbeddings(ctx, x, nil))
	}, systemOnly},
	"StoreEmbedding": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.StoreEmbedding(ctx, x, ml.StoreEmbedding{})
	}, systemOnly},

	"CreateAlbum": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.CreateAlbum(ctx, x, app.NewAlbum{Title: "Album"}))
	}, writing},
	"Albums": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Albums(ctx, x, app.AlbumsQuery{}))
	}, "ooooffo"},
	"TrashedAlbums": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.TrashedAlbums(ctx, x)) }, reading},
	"PurgeAlbums":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.PurgeAlbums(ctx, x)) }, systemOnly},
	"Categories":    {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Categories(ctx, x)) }, reading},
	"CreateCategory": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.CreateCategory(ctx, x, uuid.NewString()))
	}, managing},
	"RenameCategory": {func(ctx context.Context, a *app.App, x app.Actor) error { // there is none, which only admins learn
		return a.RenameCategory(ctx, x, uuid.New(), "Trips")
	}, "unnffnu"},
	"DeleteCategory": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.DeleteCategory(ctx, x, uuid.New()) }, "unnffnu"},

	"Mails": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Mails(ctx, x, app.MailsQuery{}))
	}, managing},
	"RetryMail":    {func(ctx context.Context, a *app.App, x app.Actor) error { return a.RetryMail(ctx, x, uuid.New()) }, "unnffnu"},
	"DiscardMail":  {func(ctx context.Context, a *app.App, x app.Actor) error { return a.DiscardMail(ctx, x, uuid.New()) }, "unnffnu"},
	"SendTestMail": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.SendTestMail(ctx, x) }, managing},
	"OutboxMails":  {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.OutboxMails(ctx, x)) }, managing},
	"OutboxMail": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.OutboxMail(ctx, x, "x"))
	}, "unnffnu"},
	"MailTemplates": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.MailTemplates(ctx, x)) }, managing},
	"MailTemplate": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.MailTemplate(ctx, x, "test", "en"))
	}, managing},
	"PreviewMailText": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.PreviewMailText(ctx, x, "test", "en", mail.Text{Subject: "s", Body: "b"}))
	}, managing},
	"SetMailText": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.SetMailText(ctx, x, "test", "en", 0, mail.Text{Subject: "s", Body: "b"})
	}, managing},
	"ResetMailText": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.ResetMailText(ctx, x, "test", "en", 7)
	}, "uncffnu"},
	"SendMails":  {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SendMails(ctx, x)) }, systemOnly},
	"SweepMails": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepMails(ctx, x)) }, systemOnly},
	"Invite": {func(ctx context.Context, a *app.App, x app.Actor) error { // into an album: albumAccess
		return second(a.Invite(ctx, x, app.NewInvitation{Email: uuid.NewString() + "@example.org"}))
	}, managing},
	"InviteMany": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.InviteMany(ctx, x, app.ManyInvitations{Text: uuid.NewString() + "@example.org"}))
	}, managing},
	"InvitesStrangers": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.InvitesStrangers(ctx, x)) }, "uooooou"},
	"InvitationGroups": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.InvitationGroups(ctx, x)) }, managing},
	"Invitations": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Invitations(ctx, x, app.InvitationsQuery{}))
	}, managing},
	"NoteSignOut": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.NoteSignOut(ctx, x) }, "uooooou"},
	"Audit": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Audit(ctx, x, app.AuditQuery{}))
	}, managing},
	"AuditActions": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.AuditActions(ctx, x)) }, managing},
	"ExportAudit": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.ExportAudit(ctx, x, app.AuditQuery{}, func(app.AuditEntry) error { return nil })
	}, managing},
	"OwnActivity": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.OwnActivity(ctx, x, app.AuditQuery{}))
	}, accounting},
	"VerifyAudit": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.VerifyAudit(ctx, x)) }, managing},
	"SealAudit":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SealAudit(ctx, x)) }, systemOnly},
	"TrimAudit":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.TrimAudit(ctx, x)) }, systemOnly},
	"SignAudit":   {func(ctx context.Context, a *app.App, x app.Actor) error { return a.SignAudit(ctx, x) }, systemOnly},

	"RequestExport": {func(ctx context.Context, a *app.App, x app.Actor) error { // asked for once by each
		err := a.RequestExport(ctx, x)
		if app.CodeOf(err) == app.CodeConflict { // the token is of the same user
			return nil
		}
		return err
	}, accounting},
	"OwnExport": {func(ctx context.Context, a *app.App, x app.Actor) error { // there may be none
		_, err := a.OwnExport(ctx, x)
		if app.CodeOf(err) == app.CodeNotFound {
			return nil
		}
		return err
	}, accounting},
	"RemoveExport": {func(ctx context.Context, a *app.App, x app.Actor) error { // the same
		err := a.RemoveExport(ctx, x)
		if app.CodeOf(err) == app.CodeNotFound {
			return nil
		}
		return err
	}, accounting},
	"RunExports":   {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.RunExports(ctx, x)) }, systemOnly},
	"SweepExports": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepExports(ctx, x)) }, systemOnly},
	"DeletionTerms": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.DeletionTerms(ctx, x))
	}, accounting},
	"CancelDeletion": {func(ctx context.Context, a *app.App, x app.Actor) error { // there is none
		return second(a.CancelDeletion(ctx, x))
	}, accounting},
	"EndAccounts": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.EndAccounts(ctx, x)) }, systemOnly},

	"PurgeTrash":    {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.PurgeTrash(ctx, x)) }, systemOnly},
	"DoChores":      {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.DoChores(ctx, x)) }, systemOnly},
	"SweepAccounts": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepAccounts(ctx, x)) }, systemOnly},
	"MailAccount": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.MailAccount(ctx, x, jobs.MailAccount{Email: "nobody@example.org"})
	}, systemOnly},
	"SweepObjects": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepObjects(ctx, x)) }, systemOnly},
	"SweepUploads": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepUploads(ctx, x)) }, systemOnly},
	"SweepProcessing": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.SweepProcessing(ctx, x, nil))
	}, systemOnly},
	"ClaimMedia": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.ClaimMedia(ctx, x, uuid.New()))
	}, systemOnly},
	"KeepMedia": {func(ctx context.Context, a *app.App, x app.Actor) error { return a.KeepMedia(ctx, x, app.Claim{}) }, systemOnly},
	"FinishMedia": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.FinishMedia(ctx, x, app.Claim{}, app.Outcome{})
	}, systemOnly},
	"FailMedia": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.FailMedia(ctx, x, app.Claim{}, &media.ProcessError{Code: media.CodeBroken})
	}, systemOnly},
	"ReleaseMedia": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.ReleaseMedia(ctx, x, app.Claim{}, false)
	}, systemOnly},
}

func TestOwnAccess(t *testing.T) {
	w := newWorld(t, nil)
	u, admin := w.user("user"), w.user("admin")
	w.exec("UPDATE users SET is_admin = true WHERE id = $1", admin.ID)
	admin.IsAdmin = true
	suspended := u
	suspended.SuspendedAt = &w.now
	actors := map[string]app.Actor{
		"anonymous": {}, "user": app.UserActor(u), "admin": app.UserActor(admin), "suspended": app.UserActor(suspended),
		"readtoken":    app.TokenActor(u, []app.Scope{app.ScopeMediaRead}),
		"accounttoken": app.TokenActor(u, []app.Scope{app.ScopeAccount}),
		// The admin scope of somebody who is no admin is worth nothing.
		"admintoken": app.TokenActor(u, []app.Scope{app.ScopeAdmin}),
	}
	for name, c := range ownAccess {
		got := ""
		for _, who := range ownActors {
			err := c.run(t.Context(), w.App, actors[who])
			letter, known := "o", true
			if err != nil {
				letter, known = letters[app.CodeOf(err)]
			}
			if !known {
				t.Fatalf("%s as %s: %v", name, who, err)
			}
			got += letter
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestUploadAccess(t *testing.T) {
	w := newWorld(t, nil)
	u, other := w.user("ann"), w.user("bob")
	upload, err := w.CreateUpload(t.Context(), app.UserActor(u), app.NewUpload{Filename: "x.jpg", Bytes: 10})
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]func(app.Actor) error{
		"CreateUpload": func(x app.Actor) error {
			return second(w.CreateUpload(t.Context(), x, app.NewUpload{Filename: "y.jpg", Bytes: 10}))
		},
		"UploadByID": func(x app.Actor) error { return second(w.UploadByID(t.Context(), x, upload.ID)) },
		"TakeUpload": func(x app.Actor) error { return second(w.TakeUpload(t.Context(), x, upload.ID)) },
		"AppendUpload": func(x app.Actor) error {
			return second(w.AppendUpload(t.Context(), x, upload.ID, uuid.New(), 0, strings.NewReader("x")))
		},
		"FinishUpload": func(x app.Actor) error { return second(w.FinishUpload(t.Context(), x, upload.ID)) },
		"CancelUpload": func(x app.Actor) error { return w.CancelUpload(t.Context(), x, upload.ID) },
	}
	for name, use := range uses {
		for who, c := range map[string]struct {
			actor app.Actor
			want  app.Code
		}{
			"anonymous": {app.Actor{}, app.CodeUnauthenticated}, "another user": {app.UserActor(other), app.CodeNotFound},
			"a token that reads": {app.TokenActor(u, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden},
		} {
			if name == "CreateUpload" && who == "another user" {
				continue // everybody opens uploads of their own
			}
			if err := use(c.actor); app.CodeOf(err) != c.want {
				t.Errorf("%s as %s: %v, want %s", name, who, err, c.want)
			}
		}
	}
	if err := uses["UploadByID"](app.UserActor(u)); err != nil {
		t.Errorf("one's own: %v", err)
	}
}

func TestTokensOfOthersDoNotExist(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := app.UserActor(w.user("ann")), app.UserActor(w.user("bob"))
	_, token, err := w.CreateToken(t.Context(), ann, app.NewToken{Name: "t"})
	if err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{
		"anonymous": {app.Actor{}, app.CodeUnauthenticated}, "another user": {bob, app.CodeNotFound},
	} {
		if err := w.RevokeToken(t.Context(), c.actor, token.ID); app.CodeOf(err) != c.want {
			t.Errorf("as %s: %v, want %s", who, err, c.want)
		}
	}
	if err := w.RevokeToken(t.Context(), ann, token.ID); err != nil {
		t.Error(err)
	}
}

func TestNeighboursAccess(t *testing.T) {
	w := newWorld(t, nil)
	newItem, actors := stage(w, "private")
	item := newItem()
	for who, want := range map[string]string{
		"anonymous": "n", "stranger": "n", "viewer": "o", "uploader": "o", "siteadmin": "n", "notoken": "f", "suspended": "n",
	} {
		got := "o"
		if err := second(w.Neighbours(t.Context(), actors[who], app.Set{Scope: "all"}, item)); err != nil {
			got = letters[app.CodeOf(err)]
		}
		if got != want {
			t.Errorf("as %s: %s, want %s", who, got, want)
		}
	}
}
