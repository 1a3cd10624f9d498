package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Whoever did not make their account themselves has never been asked.
const neverAsked = -1

// Consent is what somebody who makes an account says to the terms. The zero
// value is nothing.
type Consent struct {
	given   bool
	version int // latest: whichever counts
}

const latest = -1

// ConsentTo says yes to the version that the person had before them.
func ConsentTo(version int) Consent { return Consent{given: true, version: version} }

// ConsentToCurrent says yes to whatever the terms say now.
func ConsentToCurrent() Consent { return Consent{given: true, version: latest} }

// TermsQuestion is what somebody is asked who has yet to accept the terms.
type TermsQuestion struct {
	Policy
	First bool     // they have never seen any version
	Notes []string // what has changed since the version that they accepted or, without one, since the shipped one; the last change first
}

// roundsCache keeps for a moment how often everybody was asked: every page wants
// to know.
type roundsCache struct {
	mu     sync.Mutex
	at     time.Time
	rounds int32
}

func (c *roundsCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = time.Time{}
}

// OwesTerms reports whether the person must accept the terms before going on.
// Other processes follow a change within seconds. Nobody but a person owes that.
func (a *App) OwesTerms(ctx context.Context, actor Actor) (bool, error) {
	user, ok := actor.User()
	if !ok {
		return false, nil
	}
	if user.PolicyRound == neverAsked {
		return true, nil
	}
	c := a.rounds
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := a.now(); c.at.IsZero() || now.Sub(c.at) >= settingsFor || now.Before(c.at) {
		state, err := a.db.TermsState(ctx)
		if err != nil {
			return false, fmt.Errorf("read how often everybody was asked: %w", err)
		}
		c.at, c.rounds = now, state.Rounds
	}
	return user.PolicyRound < c.rounds, nil
}

// TermsQuestion returns what the person is asked. CodeNotFound when they owe
// nothing.
func (a *App) TermsQuestion(ctx context.Context, actor Actor) (TermsQuestion, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return TermsQuestion{}, err
	}
	if owes, err := a.OwesTerms(ctx, actor); err != nil {
		return TermsQuestion{}, err
	} else if !owes {
		return TermsQuestion{}, NotFound("page")
	}
	p, err := a.Policy(ctx, terms)
	if err != nil {
		return TermsQuestion{}, err
	}
	t := TermsQuestion{Policy: p}
	last, err := a.db.LastAcceptance(ctx, db.LastAcceptanceParams{UserID: actor.UserID(), Name: terms})
	if user, _ := actor.User(); db.IsNotFound(err) && user.PolicyRound == neverAsked {
		t.First = true
		return t, nil
	}
	if err != nil && !db.IsNotFound(err) {
		return TermsQuestion{}, fmt.Errorf("read what somebody has accepted: %w", err)
	}
	versions, err := a.db.PolicyVersions(ctx, terms)
	if err != nil {
		return TermsQuestion{}, fmt.Errorf("list the versions of the terms: %w", err)
	}
	for _, v := range versions {
		if v.PolicyVersion.Version > last.Version {
			t.Notes = append(t.Notes, v.PolicyVersion.Note)
		}
	}
	return t, nil
}

// AcceptTerms records that the person accepts this version of the terms.
// CodeConflict when there is a newer one by now.
func (a *App) AcceptTerms(ctx context.Context, actor Actor, version int) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	if !actor.SignedIn() { // the system has nothing to accept
		return Unauthenticated()
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		user, err := q.LockUser(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("lock an account: %w", err)
		}
		state, err := checkConsent(ctx, q, ConsentTo(version))
		if CodeOf(err) == CodeInvalid {
			return policyConflict()
		}
		if err != nil {
			return err
		}
		return a.recordConsent(ctx, q, actor, user, state)
	})
}

// acceptPolicy records with version, time and address that the person accepts
// the terms.
func (a *App) acceptPolicy(ctx context.Context, q *db.Queries, user db.User, state db.TermsStateRow) error {
	row := db.AcceptPolicyParams{UserID: user.ID, Name: terms, Version: state.Version, Now: a.now()}
	if from := OriginOf(ctx); from.Addr.IsValid() {
		row.Ip = from.Addr.Unmap().String()
	}
	return wrap(q.AcceptPolicy(ctx, row), "record what somebody accepts")
}

// recordConsent is that for an account which is there already, with its entry in
// the audit log.
func (a *App) recordConsent(ctx context.Context, q *db.Queries, actor Actor, user db.User, state db.TermsStateRow) error {
	if err := a.acceptPolicy(ctx, q, user, state); err != nil {
		return err
	}
	if err := q.SetPolicyRound(ctx, db.SetPolicyRoundParams{ID: user.ID, Round: state.Rounds}); err != nil {
		return fmt.Errorf("note that somebody was asked: %w", err)
	}
	return a.audit(ctx, q, actor, auditEvent{
		Action: auditPolicyAccept, Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{"policy": terms, "version": state.Version},
	})
}

// checkConsent returns the terms that count. CodeInvalid names the field terms:
// nothing is accepted, or what does not count any more.
func checkConsent(ctx context.Context, q *db.Queries, c Consent) (db.TermsStateRow, error) {
	if !c.given {
		return db.TermsStateRow{}, Invalid("terms", "error.terms_missing")
	}
	state, err := q.TermsState(ctx)
	if err != nil {
		return state, fmt.Errorf("read which terms count: %w", err)
	}
	if c.version != latest && c.version != int(state.Version) {
		return state, Invalid("terms", "error.terms_changed")
	}
	return state, nil
}

// countAcceptances fills in how many have accepted which version of the terms.
func (a *App) countAcceptances(ctx context.Context, h *PolicyHistory) error {
	state, err := a.db.TermsState(ctx)
	if err != nil {
		return fmt.Errorf("read which terms count: %w", err)
	}
	counts, err := a.db.CountAcceptances(ctx, terms)
	if err != nil {
		return fmt.Errorf("count who accepted the terms: %w", err)
	}
	for _, c := range counts {
		for i := range h.Versions {
			if h.Versions[i].Version == int(c.Version) {
				h.Versions[i].Accepted = int(c.Count)
			}
		}
	}
	people, err := a.db.CountPeopleAndOwing(ctx, state.Rounds)
	if err != nil {
		return fmt.Errorf("count who has yet to accept the terms: %w", err)
	}
	h.People, h.Owing = int(people.People), int(people.Owing)
	return nil
}
