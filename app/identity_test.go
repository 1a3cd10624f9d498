package app_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

func TestIdentityAccess(t *testing.T) {
	p := newPost(t)
	u, other := p.user("ann", false), p.user("eve", false)
	id := uuid.New()
	p.exec("INSERT INTO identities (id, user_id, issuer, subject, created_at) VALUES ($1, $2, 'https://id.example.org', 's', now())", id, u.ID)
	for who, c := range map[string]struct {
		actor      app.Actor
		link, free app.Code
	}{
		"anonymous":                 {app.Actor{}, app.CodeUnauthenticated, app.CodeUnauthenticated},
		"a token without the scope": {app.TokenActor(u, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden, app.CodeForbidden},
		"somebody else":             {app.UserActor(other), app.CodeNotFound, app.CodeNotFound}, // there is no provider here
		"the owner":                 {app.UserActor(u), app.CodeNotFound, app.CodeInvalid},
	} {
		if _, err := p.BeginLinking(t.Context(), c.actor, "wrong"); app.CodeOf(err) != c.link {
			t.Errorf("BeginLinking as %s: %v", who, err)
		}
		if err := p.Unlink(t.Context(), c.actor, id, "wrong"); app.CodeOf(err) != c.free {
			t.Errorf("Unlink as %s: %v", who, err)
		}
		if _, err := p.FinishOIDC(context.Background(), c.actor, app.OIDCReturn{}); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("FinishOIDC as %s: %v", who, err)
		}
	}
	if err := p.Unlink(t.Context(), app.UserActor(u), id, goodPassword); err != nil {
		t.Fatal(err)
	}
}
