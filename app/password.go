package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// DefaultPasswordCost is bcrypt's work factor, about a quarter of a second.
const DefaultPasswordCost = 12

// MinPasswordChars and MaxPasswordBytes bound a password. bcrypt reads no more
// than 72 bytes; cutting the rest off silently would make it guessable.
const (
	MinPasswordChars = 10
	MaxPasswordBytes = 72
)

// passwords hashes and compares. No more than one hash per processor is at
// work, so that a flood of sign-ins leaves the rest of the process alive.
type passwords struct {
	cost    int
	slots   chan struct{}
	dummy   func() []byte // a hash that no password has
	compare func(hash, password []byte) error
}

func newPasswords(cost int) *passwords {
	if cost == 0 {
		cost = DefaultPasswordCost
	}
	p := &passwords{cost: cost, slots: make(chan struct{}, max(1, runtime.NumCPU()-1)), compare: bcrypt.CompareHashAndPassword}
	p.dummy = sync.OnceValue(func() []byte {
		hash, err := bcrypt.GenerateFromPassword([]byte(randomText(32)), cost)
		if err != nil {
			panic(err) // only an impossible cost gets here
		}
		return hash
	})
	return p
}

// normalPassword makes the same password of the same keys on every system.
func normalPassword(password string) []byte { return []byte(norm.NFKC.String(password)) }

// hash returns the bcrypt hash, or an Invalid error about the field "password".
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	plain := normalPassword(password)
	switch {
	case utf8.RuneCount(plain) < MinPasswordChars:
		return "", Invalid("password", "error.password_short")
	case len(plain) > MaxPasswordBytes:
		return "", Invalid("password", "error.password_long")
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	hash, err := bcrypt.GenerateFromPassword(plain, p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(hash), nil
}

// matches compares with hash, or with the dummy where hash is empty: the work
// is the same whether there is an account or not.
func (p *passwords) matches(ctx context.Context, hash, password string) (bool, error) {
	dummy := p.dummy() // always, or its making would tell the first unknown account
	known := hash != ""
	if !known {
		hash = string(dummy)
	}
	plain := normalPassword(password)
	if len(plain) > MaxPasswordBytes {
		plain, known = plain[:MaxPasswordBytes], false
	}
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	err := p.compare([]byte(hash), plain)
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return known && err == nil, nil
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Code: CodeUnavailable, Key: "error.unavailable", Err: fmt.Errorf("wait to hash a password: %w", ctx.Err())}
	}
}

func (p *passwords) leave() { <-p.slots }

// checkPassword reports what hash would refuse, without the work.
func checkPassword(password string, fields map[string]string) {
	plain := normalPassword(password)
	if strings.TrimSpace(password) == "" || utf8.RuneCount(plain) < MinPasswordChars {
		fields["password"] = "error.password_short"
	} else if len(plain) > MaxPasswordBytes {
		fields["password"] = "error.password_long"
	}
}
