package handlers

import (
	"context"
	"net/http"
	"time"

	"albumen/app"
)

type apiOwnData struct {
	*apiServer
	app interface {
		ownDataApp
		proofApp
	}
}

type apiDeletion struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"1024" doc:"of the account, once more; of an account without one, a code that was mailed (POST /me/proof); required"`
	}
}

type apiDeletionAsked struct {
	DueAt time.Time `json:"due_at" doc:"when the account is deleted; signing in before calls it off"`
}

func (h apiOwnData) register() {
	remove := operation(http.MethodPost, "/me/deletion", "delete-me", "account",
		"Have one's own account deleted after a while. All tokens and sessions end at once", 401, 403, 409, 422, 429)
	remove.DefaultStatus = http.StatusAccepted
	register(h.apiServer, remove, h.remove)
	proof := operation(http.MethodPost, "/me/proof", "prove-me", "account",
		"Mail a code that stands in for the password, for half an hour, to oneself, whose account has none", 401, 403, 409, 429)
	proof.DefaultStatus = http.StatusAccepted
	register(h.apiServer, proof, h.proof)
	ask := operation(http.MethodPost, "/me/export", "export-me", "account", "Have a copy of one's own data made; one at a time", 401, 403, 409)
	ask.DefaultStatus = http.StatusAccepted
	register(h.apiServer, ask, h.ask)
	register(h.apiServer, operation(http.MethodGet, "/me/export", "get-export", "account", "How far the copy of one's own data is", 401, 403, 404), h.export)
	register(h.apiServer, operation(http.MethodDelete, "/me/export", "remove-export", "account", "Remove the copy of one's own data", 401, 403, 404), h.removeExport)
}

func (h apiOwnData) proof(ctx context.Context, actor app.Actor, _ *struct{}) (*struct{}, error) {
	return nil, h.app.MailProof(ctx, actor)
}

type apiExport struct {
	State     string     `json:"state" doc:"waiting, running, ready or failed"`
	Total     int        `json:"total" doc:"photos and videos in all"`
	Done      int        `json:"done"`
	Bytes     int64      `json:"bytes" doc:"of the zip, once it is ready"`
	AskedAt   time.Time  `json:"asked_at"`
	ExpiresAt *time.Time `json:"expires_at" doc:"when it is removed"`
	URL       string     `json:"url,omitempty" doc:"where the person downloads it in a browser, signed in; once it is ready"`
}

func (h apiOwnData) ask(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiExport], error) {
	if err := h.app.RequestExport(ctx, actor); err != nil {
		return nil, err
	}
	return h.export(ctx, actor, nil)
}

func (h apiOwnData) export(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiExport], error) {
	e, err := h.app.OwnExport(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := apiExport{State: string(e.State), Total: e.Total, Done: e.Done, Bytes: e.Bytes, AskedAt: e.AskedAt.UTC()}
	if !e.ExpiresAt.IsZero() {
		at := e.ExpiresAt.UTC()
		out.ExpiresAt = &at
	}
	if e.Token != "" {
		out.URL = exportsPath + "/" + e.Token
	}
	return &apiBody[apiExport]{out}, nil
}

func (h apiOwnData) removeExport(ctx context.Context, actor app.Actor, _ *struct{}) (*struct{}, error) {
	return nil, h.app.RemoveExport(ctx, actor)
}

func (h apiOwnData) remove(ctx context.Context, actor app.Actor, in *apiDeletion) (*apiBody[apiDeletionAsked], error) {
	due, err := h.app.RequestDeletion(ctx, actor, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiDeletionAsked]{apiDeletionAsked{due.UTC()}}, nil
}
