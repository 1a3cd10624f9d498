package app_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

func TestTheSiteIsForAdministrators(t *testing.T) {
	w := newWorld(t, nil)
	admin, member := w.user("admin"), w.user("member")
	admin.IsAdmin = true
	useCases := map[string]func(context.Context, app.Actor, uuid.UUID) error{
		"SiteState": func(ctx context.Context, actor app.Actor, _ uuid.UUID) error {
			_, err := w.SiteState(ctx, actor)
			return err
		},
		"RetryFailed": func(ctx context.Context, actor app.Actor, id uuid.UUID) error { return w.RetryFailed(ctx, actor, id) },
		"RetryAllFailed": func(ctx context.Context, actor app.Actor, _ uuid.UUID) error {
			_, err := w.RetryAllFailed(ctx, actor)
			return err
		},
	}
	for name, run := range useCases {
		for who, c := range map[string]struct {
			actor app.Actor
			want  string
		}{
			"anonymous":               {app.Actor{}, "u"},
			"member":                  {app.UserActor(member), "n"},
			"admin":                   {app.UserActor(admin), "o"},
			"admin's token for media": {app.TokenActor(admin, []app.Scope{app.ScopeMediaRead, app.ScopeMediaWrite}), "f"},
			"member's token":          {app.TokenActor(member, app.AllScopes()), "n"},
			"the system":              {app.SystemActor(), "o"},
		} {
			id := w.media(member, uuid.Nil)
			w.exec("UPDATE media SET status = 'failed' WHERE id = $1", id)
			err := run(t.Context(), c.actor, id)
			got := "o"
			if err != nil {
				got = letters[app.CodeOf(err)]
			}
			if got != c.want {
				t.Errorf("%s as %s: %q (%v), want %q", name, who, got, err, c.want)
			}
		}
	}
}

func TestSiteStateKeepsFileNamesPrivate(t *testing.T) {
	w := newWorld(t, nil)
	admin, member := w.user("admin"), w.user("member")
	admin.IsAdmin = true
	for _, owner := range []uuid.UUID{w.media(admin, uuid.Nil), w.media(member, uuid.Nil)} {
		w.exec("UPDATE media SET status = 'failed', error_code = 'broken' WHERE id = $1", owner)
	}
	w.media(member, uuid.Nil)
	s, err := w.SiteState(t.Context(), app.UserActor(admin))
	if err != nil {
		t.Fatal(err)
	}
	if s.Users != 2 || s.Items != 3 || s.Failed != 2 || s.Bytes != 3000 || len(s.Failures) != 2 {
		t.Errorf("%+v", s)
	}
	for _, f := range s.Failures {
		if own := f.Owner == admin.Email; (f.Filename == "photo.jpg") != own || (f.Filename == "") == own || f.Code != "broken" {
			t.Errorf("%+v", f)
		}
	}
}

func TestRetryAllFailed(t *testing.T) {
	w := newWorld(t, nil)
	admin := w.user("admin")
	admin.IsAdmin = true
	for i := range 3 {
		id := w.media(admin, uuid.Nil)
		if i > 0 {
			w.exec("UPDATE media SET status = 'failed' WHERE id = $1", id)
		}
	}
	for _, want := range []int{2, 0} {
		n, err := w.RetryAllFailed(t.Context(), app.UserActor(admin))
		if err != nil || n != want {
			t.Fatalf("retried %d, %v; want %d", n, err, want)
		}
	}
	if len(w.logs.jobs) != 2 {
		t.Errorf("%d jobs are enqueued", len(w.logs.jobs))
	}
}

func TestCameras(t *testing.T) {
	w := newWorld(t, nil)
	ann, ben := w.user("ann"), w.user("ben")
	for _, c := range []struct {
		owner       uuid.UUID
		make, model string
	}{
		{ann.ID, "NIKON CORPORATION", "NIKON D90"}, {ann.ID, "Canon", "Canon EOS 7D"}, {ann.ID, "Canon", "Canon EOS 7D"},
		{ann.ID, "", ""}, {ben.ID, "FUJIFILM", "X100"},
	} {
		owner := ann
		if c.owner == ben.ID {
			owner = ben
		}
		w.exec("UPDATE media SET camera_make = $2, camera_model = $3 WHERE id = $1", w.media(owner, uuid.Nil), c.make, c.model)
	}
	got, err := w.Cameras(t.Context(), app.UserActor(ann))
	if err != nil || len(got) != 2 || got[0] != (app.Camera{Make: "Canon", Model: "Canon EOS 7D"}) || got[1].Model != "NIKON D90" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := w.Cameras(t.Context(), app.Actor{}); app.CodeOf(err) != app.CodeUnauthenticated {
		t.Errorf("anonymous: %v", err)
	}
}
