package app

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"albumen/db"
)

const (
	// MaxPasskeys bounds how many one person has.
	MaxPasskeys = 20
	// MaxPasskeyAnswer is how many bytes the answer of a browser may have.
	MaxPasskeyAnswer = 64 << 10
)

// PasskeysPossible reports whether browsers make passkeys for this site: it
// needs a name, and https unless it is this machine's own.
func (a *App) PasskeysPossible() bool {
	base := a.mail.BaseURL
	if base == nil {
		return false
	}
	host := base.Hostname()
	return net.ParseIP(host) == nil && (base.Scheme == "https" || host == "localhost" || strings.HasSuffix(host, ".localhost"))
}

// relyingParty is the site as browsers and devices know it. Name and origin are
// those of BASE_URL, whatever a request says.
func (a *App) relyingParty(ctx context.Context) (*webauthn.WebAuthn, error) {
	if !a.PasskeysPossible() {
		return nil, NotFound("page")
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return nil, err
	}
	base := a.mail.BaseURL
	party, err := webauthn.New(&webauthn.Config{
		RPID: base.Hostname(), RPDisplayName: site.SiteName, RPOrigins: []string{base.Scheme + "://" + base.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: passkeyTimeout, Registration: passkeyTimeout},
	})
	if err != nil {
		return nil, fmt.Errorf("describe the site to devices: %w", err)
	}
	return party, nil
}

var passkeyTimeout = webauthn.TimeoutConfig{Timeout: PasskeyLife, TimeoutUVD: PasskeyLife}

// keyHolder is a person as devices know them: the id and their own words for it.
type keyHolder struct {
	user db.User
	keys []db.Passkey
}

var _ webauthn.User = keyHolder{}

func (h keyHolder) WebAuthnID() []byte { return h.user.ID[:] }

func (h keyHolder) WebAuthnName() string { return h.user.Email }

func (h keyHolder) WebAuthnDisplayName() string { return h.user.Name }

func (h keyHolder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, len(h.keys))
	for i, k := range h.keys {
		list[i] = credentialOf(k)
	}
	return list
}

func credentialOf(k db.Passkey) webauthn.Credential {
	transports := make([]protocol.AuthenticatorTransport, len(k.Transports))
	for i, t := range k.Transports {
		transports[i] = protocol.AuthenticatorTransport(t)
	}
	return webauthn.Credential{
		ID: k.CredentialID, PublicKey: k.PublicKey, Transport: transports, AttestationFormat: "none",
		// Every key was made with the person verified.
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.BackupEligible, BackupState: k.BackedUp},
		Authenticator: webauthn.Authenticator{SignCount: uint32(k.SignCount)},
	}
}

// holder is the user with the keys that may be used.
func (a *App) holder(ctx context.Context, user db.User) (keyHolder, error) {
	keys, err := a.passkeysOf(ctx, user.ID)
	if err != nil {
		return keyHolder{}, err
	}
	h := keyHolder{user: user}
	for _, k := range keys {
		if k.SuspectedAt == nil {
			h.keys = append(h.keys, k)
		}
	}
	return h, nil
}

func (a *App) passkeysOf(ctx context.Context, id uuid.UUID) ([]db.Passkey, error) {
	keys, err := a.db.PasskeysOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list the passkeys of %s: %w", id, err)
	}
	return keys, nil
}

// Passkeys lists the actor's passkeys, the oldest first.
func (a *App) Passkeys(ctx context.Context, actor Actor) ([]db.Passkey, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return nil, err
	}
	return a.passkeysOf(ctx, actor.UserID())
}

// RenamePasskey gives the actor's passkey another name. CodeInvalid names the
// field name.
func (a *App) RenamePasskey(ctx context.Context, actor Actor, id uuid.UUID, name string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	name, err := checkPasskeyName(name)
	if err != nil {
		return err
	}
	return a.inTxAndMail(ctx, func(q *db.Queries) error {
		was, err := q.RenamePasskey(ctx, db.RenamePasskeyParams{ID: id, UserID: actor.UserID(), Name: name})
		if db.IsNotFound(err) {
			return NotFound("passkey")
		}
		if err != nil {
			return fmt.Errorf("rename a passkey: %w", err)
		}
		if was == name {
			return nil
		}
		user, _ := actor.User()
		if err := a.tellFactor(ctx, q, user, "passkey_renamed", map[string]string{"Key": was, "NewKey": name}); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{
			Action: "passkey.rename", Kind: "user", Object: actor.UserID(), Detail: map[string]any{"before": was, "after": name},
		})
	})
}

func checkPasskeyName(name string) (string, error) {
	fields := map[string]string{}
	name = strings.TrimSpace(name)
	if checkName(name, fields); len(fields) > 0 {
		return "", Invalid("name", "error.passkey_name")
	}
	return name, nil
}

// RemovePasskey ends the use of the actor's passkey. CodeInvalid names the field
// current (the password), CodeConflict: nothing else would let the actor in.
func (a *App) RemovePasskey(ctx context.Context, actor Actor, id uuid.UUID, password string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	keys, err := a.passkeysOf(ctx, actor.UserID())
	if err != nil {
		return err
	}
	if !hasPasskey(keys, id) {
		return NotFound("passkey")
	}
	if err := keepsAWayIn(ctx, a.db.Queries, actor.UserID(), id); err != nil {
		return err
	}
	if _, err := a.proveSelf(ctx, actor, password); err != nil {
		return err
	}
	return a.inTxAndMail(ctx, func(q *db.Queries) error {
		user, err := q.LockUser(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("lock a user: %w", err)
		}
		if err := keepsAWayIn(ctx, q, user.ID, id); err != nil {
			return err
		}
		name, err := q.DeletePasskey(ctx, db.DeletePasskeyParams{ID: id, UserID: user.ID})
		if db.IsNotFound(err) {
			return NotFound("passkey")
		}
		if err != nil {
			return fmt.Errorf("remove a passkey: %w", err)
		}
		if err := a.tellFactor(ctx, q, user, "passkey_removed", map[string]string{"Key": name}); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "passkey.remove", Kind: "user", Object: user.ID, Detail: map[string]any{"name": name}})
	})
}

// keepsAWayIn refuses what would shut the person out.
func keepsAWayIn(ctx context.Context, q *db.Queries, user, but uuid.UUID) error {
	other, err := q.OtherWaysIn(ctx, db.OtherWaysInParams{UserID: user, But: but})
	if err != nil {
		return fmt.Errorf("ask what else lets a person in: %w", err)
	}
	if !other {
		return &Error{Code: CodeConflict, Key: "error.passkey_last"}
	}
	return nil
}

func hasPasskey(keys []db.Passkey, id uuid.UUID) bool {
	for _, k := range keys {
		if k.ID == id {
			return true
		}
	}
	return false
}
