package handlers

import (
	"context"
	"net/http"
	"time"

	"albumen/app"
)

type apiOwnData struct {
	*apiServer
	app ownDataApp
}

type apiDeletion struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"1024" doc:"of the account, once more; required"`
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
}

func (h apiOwnData) remove(ctx context.Context, actor app.Actor, in *apiDeletion) (*apiBody[apiDeletionAsked], error) {
	due, err := h.app.RequestDeletion(ctx, actor, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiDeletionAsked]{apiDeletionAsked{due.UTC()}}, nil
}
