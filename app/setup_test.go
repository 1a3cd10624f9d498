package app_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"albumen/app"
)

func TestFirstRunMakesOneAdministrator(t *testing.T) {
	w := newAccounts(t)
	code, err := w.FirstRunCode(t.Context())
	if err != nil || len(code) != len("XXXX-XXXX-XXXX") {
		t.Fatalf("code %q, %v", code, err)
	}
	if again, err := w.FirstRunCode(t.Context()); err != nil || again != code {
		t.Fatalf("another process prints %q, %v; want %q", again, err, code)
	}
	n := app.NewUser{Email: "ann@example.org", Password: goodPassword}
	_, err = w.FinishFirstRun(t.Context(), "0000-0000-0000", n, somewhere)
	if e := wantCode(t, err, app.CodeInvalid); e.Fields["code"] != "error.first_run_code" {
		t.Error(e.Fields)
	}
	_, err = w.FinishFirstRun(t.Context(), code, app.NewUser{Email: "ann", Password: "short"}, somewhere)
	if e := wantCode(t, err, app.CodeInvalid); len(e.Fields) != 2 {
		t.Error(e.Fields)
	}

	// Many at once, typed as people do; exactly one gets through.
	typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
	errs := make([]error, 5)
	release := w.holdAdmins()
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			n := app.NewUser{Email: string(rune('a'+i)) + "@example.org", Password: goodPassword}
			_, errs[i] = w.FinishFirstRun(context.Background(), typed, n, netip.MustParseAddr("192.0.2.9"))
		})
	}
	w.awaitHeld(len(errs))
	release()
	group.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		wantCode(t, err, app.CodeConflict)
	}
	users, err := w.Users(t.Context(), app.SystemActor())
	if err != nil || done != 1 || len(users) != 1 || !users[0].IsAdmin {
		t.Fatalf("%d succeeded, %d accounts, %v", done, len(users), err)
	}

	if code, err := w.FirstRunCode(t.Context()); err != nil || code != "" {
		t.Errorf("there is a code %q after the first run, %v", code, err)
	}
	_, err = w.FinishFirstRun(t.Context(), code, n, somewhere)
	wantCode(t, err, app.CodeConflict)
	// Should the administrator vanish, the old code is worth nothing.
	if _, err := w.db.Exec(t.Context(), "DELETE FROM users"); err != nil {
		t.Fatal(err)
	}
	_, err = w.FinishFirstRun(t.Context(), code, n, somewhere)
	wantCode(t, err, app.CodeInvalid)
	if next, err := w.FirstRunCode(t.Context()); err != nil || next == code || next == "" {
		t.Errorf("the next code is %q, %v", next, err)
	}
}

func TestFirstRunCodeIsNotInTheDatabase(t *testing.T) {
	w := newAccounts(t)
	code, err := w.FirstRunCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var stored string
	if err := w.db.QueryRow(t.Context(), "SELECT row_to_json(f)::text FROM first_run f").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stored, code) || strings.Contains(stored, strings.ReplaceAll(code, "-", "")) {
		t.Errorf("the database holds the code: %s", stored)
	}
}

func TestFirstRunCodeCannotBeGuessed(t *testing.T) {
	w := newAccounts(t)
	code, err := w.FirstRunCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := app.NewUser{Email: "eve@example.org", Password: goodPassword}
	for range 20 {
		_, err := w.FinishFirstRun(t.Context(), "AAAA-AAAA-AAAA", n, somewhere)
		wantCode(t, err, app.CodeInvalid)
	}
	_, err = w.FinishFirstRun(t.Context(), code, n, somewhere)
	wantCode(t, err, app.CodeRateLimited)
}

func TestCommandLineAdministratorEndsTheFirstRun(t *testing.T) {
	w := newAccounts(t)
	code, err := w.FirstRunCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.user("admin@example.org", true)
	if first, err := w.FirstRun(t.Context()); err != nil || first {
		t.Errorf("still the first run: %v", err)
	}
	_, err = w.FinishFirstRun(t.Context(), code, app.NewUser{Email: "eve@example.org", Password: goodPassword}, somewhere)
	wantCode(t, err, app.CodeConflict)
}
