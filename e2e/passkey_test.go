package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	devpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// key is the device that Chromium plays: it holds passkeys, and a finger lies on it.
type key struct {
	*browser
	id webauthn.AuthenticatorID
}

func (b *browser) plugIn() *key {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	made, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return &key{b, made.AuthenticatorID}
}

// finger says whether the device takes the finger for the person's.
func (k *key) finger(good bool) {
	k.t.Helper()
	if _, err := chromedp.Call(k.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: good}); err != nil {
		k.t.Fatal(err)
	}
}

// held is what the device keeps.
func (k *key) held() []*webauthn.Credential {
	k.t.Helper()
	list, err := chromedp.Call(k.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id})
	if err != nil {
		k.t.Fatal(err)
	}
	return list.Credentials
}

// copied puts a copy of the passkey, as it was, in place of it.
func (k *key) copied(c *webauthn.Credential) {
	k.t.Helper()
	_, err := chromedp.Call(k.ctx, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: k.id, CredentialID: c.CredentialID})
	if err == nil {
		// webauthn.Credential would send fields that this device does not know.
		add := cdp.Command[map[string]any, cdp.Empty]{Method: webauthn.CommandAddCredential}
		_, err = chromedp.Call(k.ctx, add, map[string]any{"authenticatorId": k.id, "credential": map[string]any{
			"credentialId": c.CredentialID, "isResidentCredential": true, "rpId": c.RpID, "privateKey": c.PrivateKey, "userHandle": c.UserHandle, "signCount": c.SignCount,
		}})
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

func (b *browser) signOut() { b.t.Helper(); b.signOutTo(`form[action="/login"] [name=password]`) }

// signOutTo signs out and waits for what comes then.
func (b *browser) signOutTo(css string) {
	b.t.Helper()
	b.visit("/account/security")
	b.click(`form[action="/logout"] button`)
	b.wait(css)
}

// quiet keeps Chromium from offering the key in the address field, which the
// finger that always lies on the device takes at once; it returns what ends that.
func (k *key) quiet() (end func()) {
	k.t.Helper()
	made, err := chromedp.Call(k.ctx, devpage.AddScriptToEvaluateOnNewDocument, devpage.AddScriptToEvaluateOnNewDocumentParams{
		Source: `if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false;`,
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return func() {
		k.t.Helper()
		if _, err := chromedp.Call(k.ctx, devpage.RemoveScriptToEvaluateOnNewDocument, devpage.RemoveScriptToEvaluateOnNewDocumentParams(made)); err != nil {
			k.t.Fatal(err)
		}
	}
}

const usePasskey = "[data-passkey] button"

// Somebody makes a passkey, comes in with it alone and after the password, and
// removes it; a copy of it lets nobody in.
func TestPasskeys(t *testing.T) {
	i := start(t)
	b := i.open(true)
	k := b.plugIn()
	inspect := b.inspector(t, true)
	b.signIn()
	b.visit("/account/security")
	inspect("security")
	b.click(`a[href="/account/security/passkeys"]`)
	b.wait("#f-current")
	inspect("passkeys-none")
	b.fill("#f-current", "not the password")
	b.click(usePasskey)
	b.wait("[data-passkey-said] .wrong")
	b.until(`document.activeElement.id === "f-current" && document.activeElement.getAttribute("aria-invalid") === "true"`)
	inspect("passkeys-wrong")
	js[bool](b, `!(document.querySelector("#f-current").value = "")`)
	b.fill("#f-current", adminPassword)
	k.finger(false)
	b.click(usePasskey)
	b.until(`document.querySelector("[data-passkey-said] .wrong")?.textContent.startsWith("Nothing came of it")`)
	k.finger(true)
	b.click(usePasskey) // what was proven stays proven
	b.wait(".receipt-card")
	inspect("passkeys-one")
	if held := k.held(); len(held) != 1 || held[0].RpID != "localhost" || !held[0].IsResidentCredential {
		t.Fatalf("the device holds %+v", held)
	}
	// The same device makes no second one.
	b.fill("#f-current", adminPassword)
	b.click(usePasskey)
	b.until(`document.querySelector("[data-passkey-said] .wrong")?.textContent.startsWith("This device has a passkey")`)
	i.mailTo(adminEmail, "A new passkey")

	before := k.held()[0]
	loud := k.quiet()
	b.signOut()
	b.visit("/login?next=/trash")
	b.wait(usePasskey)
	inspect("sign-in-passkey")
	b.click(usePasskey)
	b.until(`location.pathname === "/trash"`)
	b.visit("/account/sessions")
	if !strings.Contains(b.page(), "with a passkey") {
		t.Errorf("the list of browsers:\n%s", b.page())
	}

	// The browser offers it in the address field.
	loud()
	b.signOutTo("#days, .empty, .timeline") // the timeline
	k.quiet()

	// After the password, in place of the code.
	secret, _ := b.enrol(adminPassword)
	if secret == "" {
		t.Fatal("no secret")
	}
	b.signOut()
	b.enter(adminEmail, adminPassword)
	b.wait("#f-code")
	b.wait(usePasskey)
	inspect("step-passkey")
	b.click(usePasskey)
	b.wait("#q")

	// A finger that is not the person's.
	b.signOut()
	k.finger(false)
	b.wait(usePasskey)
	b.click(usePasskey)
	b.wait("[data-passkey-said] .wrong")
	inspect("sign-in-passkey-refused")
	k.finger(true)

	// A copy that was made before.
	k.copied(before)
	b.visit("/login")
	b.wait(usePasskey)
	b.click(usePasskey)
	b.until(`document.querySelector("[data-passkey-said] .wrong")?.textContent.startsWith("This passkey does not let you in")`)
	i.mailTo(adminEmail, "may have been copied")

	b.enter(adminEmail, adminPassword)
	b.wait("#f-code")
	b.fill("#f-code", codeNow(t, secret, 1))
	b.click(`form[action="/login/code"] button`)
	b.wait("#q")
	b.visit("/account/security/passkeys")
	inspect("passkeys-copied")
	b.click(`a[href$="/remove"]`)
	b.wait("#f-current")
	inspect("passkey-remove")
	b.fill("#f-current", adminPassword)
	b.click(`form[action$="/remove"] button`)
	b.wait(".receipt-card")
	if strings.Contains(b.html(), `href="/account/security/passkeys/`) {
		t.Errorf("the passkey is still there:\n%s", b.page())
	}
	b.signOut()
	b.wait(usePasskey)
	b.click(usePasskey)
	b.wait("[data-passkey-said] .wrong")
}

// Without scripts nothing is offered that does not work, and a sentence says so.
func TestPasskeysWithoutScripts(t *testing.T) {
	i := start(t)
	b := i.open(false)
	b.visit("/login")
	b.do(chromedp.WaitNotVisible(chromedp.CSS("[data-passkey]")))
	if !strings.Contains(b.page(), "needs JavaScript") {
		t.Errorf("the sign-in page:\n%s", b.page())
	}
	b.signIn()
	b.visit("/account/security/passkeys")
	b.do(chromedp.WaitNotVisible(chromedp.CSS("#f-current")))
	if !strings.Contains(b.page(), "Passkeys need JavaScript") {
		t.Errorf("the page:\n%s", b.page())
	}
}
