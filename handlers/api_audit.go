package handlers

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// apiAudit is /audit, for administrators with the scope admin.
type apiAudit struct {
	*apiServer
	app auditApp
}

type apiAuditQuery struct {
	Who    string    `query:"who" maxLength:"200" doc:"who did it or whom it concerns: part of a name or an e-mail address, or an id"`
	Action string    `query:"action" maxLength:"200" doc:"such as album.create, or a group of them such as album"`
	Kind   string    `query:"kind" maxLength:"200" doc:"of the object, such as album"`
	Object uuid.UUID `query:"object" doc:"id of the object"`
	Since  time.Time `query:"since"`
	Until  time.Time `query:"until" doc:"not included"`
	IP     string    `query:"ip" maxLength:"60" doc:"or how it begins"`
	Text   string    `query:"text" maxLength:"200" doc:"beginnings of words of what entries tell"`
	Limit  int       `query:"limit" minimum:"0" maximum:"200" doc:"0: 50"`
	Cursor string    `query:"cursor" maxLength:"200"`
}

type apiAuditEntry struct {
	ID         int64           `json:"id"`
	Seq        *int64          `json:"seq" doc:"place in the chain; null until it is sealed"`
	Hash       string          `json:"hash" doc:"hexadecimal; empty until it is sealed"`
	At         time.Time       `json:"at"`
	ActorKind  string          `json:"actor_kind" enum:"user,token,link,visitor,system"`
	ActorID    *uuid.UUID      `json:"actor_id"`
	Actor      string          `json:"actor" doc:"name of the account now; empty where there is none"`
	Action     string          `json:"action"`
	ObjectKind string          `json:"object_kind"`
	ObjectID   *uuid.UUID      `json:"object_id"`
	SubjectID  *uuid.UUID      `json:"subject_id" doc:"the person whom it concerns"`
	Subject    string          `json:"subject"`
	IP         string          `json:"ip"`
	RequestID  string          `json:"request_id"`
	Detail     json.RawMessage `json:"detail" doc:"names as they were; before and after"`
	Erased     bool            `json:"erased" doc:"emptied with a person"`
}

func (h apiAudit) register() {
	register(h.apiServer, operation(http.MethodGet, "/audit", "list-audit", "audit", "The audit log, newest first (administrators)", 401, 403, 404, 422), h.list)
}

func (h apiAudit) list(ctx context.Context, actor app.Actor, in *apiAuditQuery) (*apiBody[apiList[apiAuditEntry]], error) {
	q := app.AuditQuery{
		Who: in.Who, Action: in.Action, Kind: in.Kind, Since: in.Since, Until: in.Until, IP: in.IP, Text: in.Text, Cursor: in.Cursor, Limit: in.Limit,
	}
	if in.Object != uuid.Nil {
		q.Object = &in.Object
	}
	page, err := h.app.Audit(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	out := apiList[apiAuditEntry]{Items: make([]apiAuditEntry, len(page.Entries)), Next: page.Next}
	for i, e := range page.Entries {
		out.Items[i] = apiAuditEntry{
			ID: e.ID, Seq: e.Seq, Hash: hex.EncodeToString(e.Hash), At: e.At.UTC(), ActorKind: e.ActorKind, ActorID: e.ActorID, Actor: e.ActorName,
			Action: e.Action, ObjectKind: e.ObjectKind, ObjectID: e.ObjectID, SubjectID: e.SubjectID, Subject: e.SubjectName,
			IP: e.Ip, RequestID: e.RequestID, Detail: e.Detail, Erased: e.Erased(),
		}
	}
	return &apiBody[apiList[apiAuditEntry]]{out}, nil
}
