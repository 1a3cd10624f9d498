package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

func TestTokenIsShownOnceAndStoredHashed(t *testing.T) {
	w := newAccounts(t)
	u := w.user("ann@example.org", false)
	secret, token, err := w.CreateToken(t.Context(), app.UserActor(u), app.NewToken{Name: "Backup"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "albumen_") || len(secret) < 50 || !strings.HasPrefix(secret, token.Hint) || len(token.Hint) > 12 {
		t.Errorf("secret %q, hint %q", secret, token.Hint)
	}
	if want := w.now.Add(app.DefaultTokenLife); !token.ExpiresAt.Equal(want) {
		t.Errorf("expires %v, want %v", token.ExpiresAt, want)
	}
	var row string
	if err := w.db.QueryRow(t.Context(), "SELECT row_to_json(t)::text FROM api_tokens t").Scan(&row); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(row, strings.TrimPrefix(secret, "albumen_")) {
		t.Errorf("the database holds the token: %s", row)
	}
	actor, err := w.ActorOfToken(t.Context(), secret)
	if err != nil || actor.UserID() != u.ID || actor.Has(app.ScopeAccount) || !actor.Has(app.ScopeMediaWrite) {
		t.Errorf("the token's actor: %v, %v", actor, err)
	}
	list, err := w.Tokens(t.Context(), app.UserActor(u))
	if err != nil || len(list) != 1 || list[0].LastUsedAt == nil || !list[0].LastUsedAt.Equal(w.now) {
		t.Errorf("the list: %+v, %v", list, err)
	}
}

func TestTokenIsRefused(t *testing.T) {
	w := newAccounts(t)
	u, other := w.user("ann@example.org", false), w.user("bob@example.org", false)
	secret, token, err := w.CreateToken(t.Context(), app.UserActor(u), app.NewToken{Name: "Backup", ExpiresIn: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "albumen_", secret + "a", secret[:len(secret)-1], strings.ToUpper(secret), "Bearer " + secret, token.ID.String()} {
		_, err := w.ActorOfToken(t.Context(), wrong)
		wantCode(t, err, app.CodeUnauthenticated)
	}
	wantCode(t, w.RevokeToken(t.Context(), app.UserActor(other), token.ID), app.CodeNotFound)
	wantCode(t, w.RevokeToken(t.Context(), app.UserActor(u), uuid.New()), app.CodeNotFound)
	w.now = w.now.Add(time.Hour - time.Second)
	if _, err := w.ActorOfToken(t.Context(), secret); err != nil {
		t.Errorf("just before it expires: %v", err)
	}
	w.now = w.now.Add(time.Second)
	_, err = w.ActorOfToken(t.Context(), secret)
	wantCode(t, err, app.CodeUnauthenticated)
	w.now = w.now.Add(-time.Minute)
	if err := w.RevokeToken(t.Context(), app.UserActor(u), token.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.ActorOfToken(t.Context(), secret)
	wantCode(t, err, app.CodeUnauthenticated)
}

func TestTokenGrantsNoMoreThanItsMakerHas(t *testing.T) {
	w := newAccounts(t)
	u, admin := w.user("ann@example.org", false), w.user("admin@example.org", true)
	_, _, err := w.CreateToken(t.Context(), app.UserActor(u), app.NewToken{Name: "x", Scopes: []app.Scope{app.ScopeAdmin}})
	if e := wantCode(t, err, app.CodeInvalid); e.Fields["scopes"] == "" {
		t.Error(e.Fields)
	}
	_, _, err = w.CreateToken(t.Context(), app.UserActor(u), app.NewToken{Name: "x", Scopes: []app.Scope{"everything"}})
	wantCode(t, err, app.CodeInvalid)
	if _, _, err := w.CreateToken(t.Context(), app.UserActor(admin), app.NewToken{Name: "x", Scopes: []app.Scope{app.ScopeAdmin}}); err != nil {
		t.Errorf("an admin's admin token: %v", err)
	}

	secret, _, err := w.CreateToken(t.Context(), app.UserActor(admin), app.NewToken{
		Name: "small", Scopes: []app.Scope{app.ScopeAccount, app.ScopeMediaRead}, ExpiresIn: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	small, err := w.ActorOfToken(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range []app.Scope{app.ScopeMediaWrite, app.ScopeAdmin} {
		_, _, err := w.CreateToken(t.Context(), small, app.NewToken{Name: "x", Scopes: []app.Scope{app.ScopeMediaRead, more}})
		wantCode(t, err, app.CodeInvalid)
	}
	_, _, err = w.CreateToken(t.Context(), small, app.NewToken{Name: "x", ExpiresIn: 2 * time.Hour})
	if e := wantCode(t, err, app.CodeInvalid); e.Fields["expires"] == "" {
		t.Error(e.Fields)
	}
	_, child, err := w.CreateToken(t.Context(), small, app.NewToken{Name: "x"})
	if err != nil || !slices.Equal(child.Scopes, []string{"media.read"}) || child.ExpiresAt.After(w.now.Add(time.Hour)) {
		t.Errorf("a token's token: %+v, %v", child, err)
	}
	// Without the account scope there are none.
	for _, actor := range []app.Actor{{}, app.TokenActor(u, []app.Scope{app.ScopeMediaRead, app.ScopeMediaWrite})} {
		if _, _, err := w.CreateToken(t.Context(), actor, app.NewToken{Name: "x"}); err == nil {
			t.Error("a token without the right to make one")
		}
		if _, err := w.Tokens(t.Context(), actor); err == nil {
			t.Error("a list without the right to see one")
		}
		if err := w.RevokeToken(t.Context(), actor, child.ID); err == nil {
			t.Error("revoked without the right")
		}
	}
}

func TestTokenIsBounded(t *testing.T) {
	w := newAccounts(t)
	actor := app.UserActor(w.user("ann@example.org", false))
	for _, bad := range []app.NewToken{
		{Name: ""}, {Name: strings.Repeat("x", 101)},
		{Name: "x", ExpiresIn: app.MaxTokenLife + time.Second}, {Name: "x", ExpiresIn: -time.Hour}, {Name: "x", ExpiresIn: time.Second},
	} {
		_, _, err := w.CreateToken(t.Context(), actor, bad)
		wantCode(t, err, app.CodeInvalid)
	}
	for range 100 {
		if _, _, err := w.CreateToken(t.Context(), actor, app.NewToken{Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.CreateToken(t.Context(), actor, app.NewToken{Name: "x"})
	wantCode(t, err, app.CodeConflict)
}

func TestTokenForAPassword(t *testing.T) {
	w := newAccounts(t)
	w.user("ann@example.org", false)
	make := func(password string, n app.NewToken) (string, error) {
		secret, _, err := w.CreateTokenWithPassword(t.Context(), "ann@example.org", password, "", n, somewhere)
		return secret, err
	}
	secret, err := make(goodPassword, app.NewToken{})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := w.ActorOfToken(t.Context(), secret)
	if err != nil || !actor.Has(app.ScopeAccount) || !actor.Has(app.ScopeMediaRead) || !actor.Has(app.ScopeMediaWrite) || actor.Has(app.ScopeAdmin) {
		t.Errorf("scopes of %v, %v", actor, err)
	}
	_, err = make(goodPassword, app.NewToken{Scopes: []app.Scope{app.ScopeAdmin}})
	wantCode(t, err, app.CodeInvalid)
	for range 10 {
		_, err = make("wrong password", app.NewToken{})
		wantCode(t, err, app.CodeUnauthenticated)
	}
	// The page and the API share one count.
	_, err = make(goodPassword, app.NewToken{})
	e := wantCode(t, err, app.CodeRateLimited)
	if seconds, ok := app.RetryAfter(e); !ok || seconds < 1 || seconds > 900 {
		t.Errorf("retry after %d", seconds)
	}
	_, err = w.SignIn(t.Context(), "ann@example.org", goodPassword, somewhere)
	wantCode(t, err, app.CodeRateLimited)
}

// A program that makes a token for each run must not lock its user out, nor
// fill the table.
func TestExpiredTokensAreNotCountedAndForgotten(t *testing.T) {
	w := newAccounts(t)
	ann := app.UserActor(w.user("ann@example.org", false))
	create := func() error {
		_, _, err := w.CreateToken(t.Context(), ann, app.NewToken{Name: "Run", ExpiresIn: time.Hour})
		return err
	}
	for range 100 {
		if err := create(); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, create(), app.CodeConflict)
	w.now = w.now.Add(2 * time.Hour)
	if err := create(); err != nil {
		t.Fatalf("after the others have expired: %v", err)
	}
	w.now = w.now.Add(31 * 24 * time.Hour)
	if err := create(); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Tokens(t.Context(), ann); err != nil || len(list) != 1 {
		t.Errorf("%d tokens are listed, %v", len(list), err)
	}
}
