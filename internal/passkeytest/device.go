// Package passkeytest is a device that makes and uses passkeys, and lies where a
// test tells it to.
package passkeytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Device holds one key at most. Its fields say what it tells of itself.
type Device struct {
	Origin   string // of the page that asks
	RPID     string // for which it signs; "" as it is asked
	Absent   bool   // nobody touches it
	Unproven bool   // it does not verify the person
	Count    uint32 // of uses; it counts on by itself unless Still
	Still    bool
	ID       []byte
	User     []byte // the handle that came when the key was made

	key *ecdsa.PrivateKey
}

// The flags of authenticator data.
const (
	present  = 1 << 0
	verified = 1 << 2
	attested = 1 << 6
)

// New is a device with the person's finger on it, in a page of origin.
func New(origin string) *Device { return &Device{Origin: origin} }

type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

func read(t testing.TB, text []byte) options {
	t.Helper()
	var o options
	if err := json.Unmarshal(text, &o); err != nil || o.PublicKey.Challenge == "" {
		t.Fatalf("what the device is asked: %v\n%s", err, text)
	}
	return o
}

// Create makes a key and returns what the browser answers.
func (d *Device) Create(t testing.TB, asked []byte) []byte {
	t.Helper()
	o := read(t, asked)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d.key, d.ID = key, make([]byte, 32)
	_, _ = rand.Read(d.ID)
	if d.User, err = base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID); err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	cose := encode(t, map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	data := d.data(o.PublicKey.RP.ID, attested)
	data = append(data, make([]byte, 16)...) // no model
	data = binary.BigEndian.AppendUint16(data, uint16(len(d.ID)))
	data = append(append(data, d.ID...), cose...)
	return d.answer(t, map[string]any{
		"clientDataJSON": d.client(t, "webauthn.create", o), "transports": []string{"internal"},
		"attestationObject": text(encode(t, map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})),
	})
}

// Get uses the key and returns what the browser answers.
func (d *Device) Get(t testing.TB, asked []byte) []byte {
	t.Helper()
	o := read(t, asked)
	if !d.Still {
		d.Count++
	}
	client, data := d.client(t, "webauthn.get", o), d.data(o.PublicKey.RPID, 0)
	raw, err := base64.RawURLEncoding.DecodeString(client)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(raw)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return d.answer(t, map[string]any{
		"clientDataJSON": client, "authenticatorData": text(data), "signature": text(signature), "userHandle": text(d.User),
	})
}

func (d *Device) data(rpID string, flags byte) []byte {
	if d.RPID != "" {
		rpID = d.RPID
	}
	hash := sha256.Sum256([]byte(rpID))
	if !d.Absent {
		flags |= present
	}
	if !d.Unproven {
		flags |= verified
	}
	return binary.BigEndian.AppendUint32(append(hash[:], flags), d.Count)
}

func (d *Device) client(t testing.TB, kind string, o options) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": o.PublicKey.Challenge, "origin": d.Origin, "crossOrigin": false})
	if err != nil {
		t.Fatal(err)
	}
	return text(raw)
}

func (d *Device) answer(t testing.TB, response map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"id": text(d.ID), "rawId": text(d.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
