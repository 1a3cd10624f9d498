package account

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/ui"
)

// PasskeyUse is where a browser is told what to sign, and where it sends that;
// both are asked by the script passkey.js.
type PasskeyUse struct {
	BeginURL, FinishURL string
}

// Passkeys is the list of a person's passkeys, and the form that adds one by the
// script passkey.js.
type Passkeys struct {
	Page   layout.Page
	List   []Passkey
	Why    string // there is no form; "" where there is one
	Fields []ui.Input
	Add    PasskeyUse
}

// Passkey is one of them.
type Passkey struct {
	Name                 string
	CreatedAt            time.Time
	LastUsed             time.Time // zero: never
	Suspected            bool
	RenameURL, RemoveURL string
}

// names is what the browser may fill in: a passkey, too, where there are any.
func (p Login) names() string {
	if p.Passkey != nil {
		return "username webauthn"
	}
	return "username"
}

// passkeyData tells the script where to ask, and what to say when nothing comes of it.
func passkeyData(ctx context.Context, p PasskeyUse) templ.Attributes {
	return templ.Attributes{
		"data-begin": p.BeginURL, "data-finish": p.FinishURL, "data-cancelled": i18n.T(ctx, "passkey.cancelled"),
		"data-known": i18n.T(ctx, "passkey.known"), "data-failed": i18n.T(ctx, "passkey.failed"),
	}
}
