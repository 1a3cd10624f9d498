package app

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// Guard is what a form that anybody may send carries against machines that fill
// in forms: nothing that a person sees, and nobody else is asked.
type Guard struct {
	Trap  string // a field that people do not see; machines fill it in
	Stamp string // of FormStamp: when the form was made
}

const (
	// stampLeast is faster than people write; stampMost is longer than they take.
	stampLeast = 2 * time.Second
	stampMost  = 12 * time.Hour
	stampBytes = 8 + 16
)

// FormStamp says when a form was made, in a way that only this site can write.
func (a *App) FormStamp() string {
	at := binary.BigEndian.AppendUint64(nil, uint64(a.now().UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(at, a.derive("form stamp", at)[:16]...))
}

// checkGuard tells people from machines where nobody is signed in. trapped: a
// machine, which is to believe that all went well. The error is CodeInvalid for
// a form that came too fast, too late or from elsewhere; sent again it passes.
func (a *App) checkGuard(actor Actor, g Guard) (trapped bool, err error) {
	if g.Trap != "" {
		return true, nil
	}
	if actor.SignedIn() {
		return false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(g.Stamp)
	if err != nil || len(raw) != stampBytes || !hmac.Equal(raw[8:], a.derive("form stamp", raw[:8])[:16]) {
		return false, &Error{Code: CodeInvalid, Key: "error.form_stale"}
	}
	age := a.now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(raw))))
	switch {
	case age < stampLeast:
		return false, &Error{Code: CodeInvalid, Key: "error.form_fast"}
	case age > stampMost:
		return false, &Error{Code: CodeInvalid, Key: "error.form_stale"}
	}
	return false, nil
}

// sender is under what name the limits know who sends a form.
func (a Actor) sender(from Origin) string {
	if a.SignedIn() {
		return "user " + a.UserID().String()
	}
	return "address " + origin(from.Addr)
}
