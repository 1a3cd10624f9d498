package app

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const (
	maxPolicyBytes = 100_000
	maxPolicyNote  = 500 // characters
)

// What the audit log calls changes of policies and their acceptance.
const (
	auditPolicyPublish AuditAction = "policy.publish"
	auditPolicyAccept  AuditAction = "policy.accept"
)

// PolicyVersion is what a policy said once, or says now.
type PolicyVersion struct {
	Name     string
	Version  int    // 0: as shipped
	Text     string // Markdown, with the fields in double braces
	Shipped  bool   // the text that comes with Albumen, at first or again
	Note     string // what had changed
	Ask      bool   // everybody was asked to accept it
	At       time.Time
	By       string // the name of who changed it; empty: nobody, or no longer known
	Accepted int    // how many people have accepted this version
}

// PolicyHistory is every version of a policy, the one that counts first and the
// shipped one last.
type PolicyHistory struct {
	Name      string
	MustAgree bool // people accept it; the others they may read
	Versions  []PolicyVersion
	People    int // accounts that can be used
	Owing     int // of them, those whose people are asked on their next page
}

// Version returns one of the versions.
func (h PolicyHistory) Version(n int) (PolicyVersion, bool) {
	i := slices.IndexFunc(h.Versions, func(v PolicyVersion) bool { return v.Version == n })
	if i < 0 {
		return PolicyVersion{}, false
	}
	return h.Versions[i], true
}

// NewPolicy is a text that is to count from now on.
type NewPolicy struct {
	Text string // Markdown; PolicyFields may stand in it in double braces
	Note string // what has changed, for those who read or accept it
	Ask  bool   // everybody is asked to accept again; for the terms only
}

// Policies lists the version of each policy that counts. Only site admins may.
func (a *App) Policies(ctx context.Context, actor Actor) ([]PolicyVersion, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	rows, err := a.db.CurrentPolicies(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the policies: %w", err)
	}
	var out []PolicyVersion
	for _, name := range PolicyNames() {
		shipped, err := shippedPolicy(name)
		if err != nil {
			return nil, err
		}
		v := PolicyVersion{Name: name, Text: shipped, Shipped: true}
		for _, r := range rows {
			if r.PolicyVersion.Name == name {
				v = policyVersion(r.PolicyVersion, r.ByName, shipped)
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func policyVersion(r db.PolicyVersion, by, shipped string) PolicyVersion {
	v := PolicyVersion{Name: r.Name, Version: int(r.Version), Text: shipped, Shipped: r.Body == nil, Note: r.Note, Ask: r.Ask, At: r.ChangedAt, By: by}
	if r.Body != nil {
		v.Text = *r.Body
	}
	return v
}

// PolicyHistory returns every version of a policy, and of the terms how many
// have accepted which. Only site admins may.
func (a *App) PolicyHistory(ctx context.Context, actor Actor, name string) (PolicyHistory, error) {
	if err := actor.allow(ManageSite); err != nil {
		return PolicyHistory{}, err
	}
	shipped, err := shippedPolicy(name)
	if err != nil {
		return PolicyHistory{}, err
	}
	rows, err := a.db.PolicyVersions(ctx, name)
	if err != nil {
		return PolicyHistory{}, fmt.Errorf("list the versions of the policy %s: %w", name, err)
	}
	h := PolicyHistory{Name: name, MustAgree: name == terms}
	for _, r := range rows {
		h.Versions = append(h.Versions, policyVersion(r.PolicyVersion, r.ByName, shipped))
	}
	h.Versions = append(h.Versions, PolicyVersion{Name: name, Text: shipped, Shipped: true})
	if !h.MustAgree {
		return h, nil
	}
	return h, a.countAcceptances(ctx, &h)
}

// PreviewPolicy shows what a text would look like. Only site admins may. Errors
// as of PublishPolicy, but for the note.
func (a *App) PreviewPolicy(ctx context.Context, actor Actor, name, text string) (Policy, error) {
	if err := actor.allow(ManageSite); err != nil {
		return Policy{}, err
	}
	if _, err := shippedPolicy(name); err != nil {
		return Policy{}, err
	}
	fields := map[string]string{}
	text = checkPolicyText(text, fields)
	if len(fields) > 0 {
		return Policy{}, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	filled, err := a.fillPolicy(ctx, text)
	return Policy{Name: name, Text: filled}, err
}

// PublishPolicy makes n the version of the policy that counts. from is the
// version that the administrator had before them: CodeConflict when there is a
// newer one by now. CodeInvalid names the fields text, note or ask. Whoever asks
// everybody accepts it with that. Only site admins may.
func (a *App) PublishPolicy(ctx context.Context, actor Actor, name string, from int, n NewPolicy) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	shipped, err := shippedPolicy(name)
	if err != nil {
		return err
	}
	if err := n.check(name); err != nil {
		return err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		current, err := q.CurrentPolicy(ctx, name)
		if err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("read the policy %s: %w", name, err)
		}
		if int(current.Version) != from {
			return policyConflict()
		}
		if !n.Ask && n.Text == policyVersion(current, "", shipped).Text {
			return Invalid("text", "error.policy_same")
		}
		row := db.AddPolicyVersionParams{Name: name, Version: current.Version + 1, Note: n.Note, Ask: n.Ask, ChangedBy: refOf(actor.UserID()), Now: a.now()}
		if n.Text != shipped {
			row.Body = &n.Text
		}
		if err := q.AddPolicyVersion(ctx, row); db.UniqueViolation(err) != "" {
			return policyConflict()
		} else if err != nil {
			return fmt.Errorf("store the policy %s: %w", name, err)
		}
		if author, ok := actor.User(); ok && n.Ask {
			state, err := q.TermsState(ctx)
			if err != nil {
				return fmt.Errorf("read which terms count: %w", err)
			}
			if err := a.recordConsent(ctx, q, actor, author, state); err != nil {
				return err
			}
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditPolicyPublish, Kind: "settings", Detail: map[string]any{
			"policy": name, "note": n.Note, "asked": n.Ask, "before": map[string]any{"version": current.Version}, "after": map[string]any{"version": row.Version},
		}})
	})
	if err == nil {
		a.rounds.forget()
	}
	return err
}

func policyConflict() *Error { return &Error{Code: CodeConflict, Key: "error.policy_changed"} }

func (n *NewPolicy) check(name string) error {
	fields := map[string]string{}
	n.Text = checkPolicyText(n.Text, fields)
	n.Note = strings.TrimSpace(strings.ReplaceAll(n.Note, "\r\n", "\n"))
	switch {
	case n.Note == "":
		fields["note"] = "error.policy_note"
	case utf8.RuneCountInString(n.Note) > maxPolicyNote || !storable(n.Note):
		fields["note"] = "error.policy_note_long"
	}
	if n.Ask && name != terms {
		fields["ask"] = "error.policy_ask"
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return nil
}

var policyField = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// checkPolicyText returns the text as it is stored.
func checkPolicyText(text string, fields map[string]string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch {
	case text == "":
		fields["text"] = "error.policy_empty"
	case len(text) > maxPolicyBytes || !storable(text):
		fields["text"] = "error.policy_long"
	}
	for _, m := range policyField.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(PolicyFields(), m[1]) {
			fields["text"] = "error.policy_field"
		}
	}
	return text + "\n"
}
