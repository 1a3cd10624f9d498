package views_test

import (
	"time"

	"albumen/internal/qrcode"
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"

	"github.com/a-h/templ"
)

// security are the pages about signing in.
func security() map[string]templ.Component {
	way := func(icon, title, state, act string) account.Way {
		return account.Way{Icon: icon, Title: title, State: state, Acts: []account.Link{{Title: act, Href: "/x"}}}
	}
	code := func(problem string) ui.Input {
		return ui.Input{Name: "code", Label: "Code", Hint: "The six digits that your app shows, or a recovery code.", Error: problem, Required: true, Autocomplete: "one-time-code", Autofocus: true}
	}
	svg, err := qrcode.SVG("otpauth://totp/Albumen:ada@example.org?algorithm=SHA1&digits=6&issuer=Albumen&period=30&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	if err != nil {
		panic(err)
	}
	var codes []string
	for range 10 {
		codes = append(codes, "k3fq-7hzm-2wpa-xn5d")
	}
	use, day := account.PasskeyUse{BeginURL: "/x", FinishURL: "/x"}, time.Date(2024, 7, 13, 16, 42, 0, 0, time.UTC)
	withScript := func(path string) layout.Page {
		p := page(path)
		p.Scripts = []string{"passkey.js"}
		return p
	}
	return map[string]templ.Component{
		"security": account.SecurityPage(account.Security{Page: page("/account/security"), Rows: []account.Way{
			way("key", "Password", "Asked for whenever you sign in.", "Change"),
			way("clock", "Codes of an app", "On since 13 July 2024, 16:42. A code is asked for after the password.", "Turn off"),
			way("file", "Recovery codes", "9 codes left", "Make new codes"),
		}}),
		"security-passkeys": account.PasskeysPage(account.Passkeys{Page: withScript("/account/security/passkeys"), Add: use, List: []account.Passkey{
			{Name: "Firefox on Linux", CreatedAt: day, LastUsed: day.AddDate(0, 1, 3), RenameURL: "/x", RemoveURL: "/x"},
			{Name: "The old phone, which lies in the drawer with the cables", CreatedAt: day, Suspected: true, RenameURL: "/x", RemoveURL: "/x"},
		}, Fields: []ui.Input{
			{Name: "name", Label: "Name", Value: "Chrome on Android", Hint: "So that you know which one it is.", Required: true},
			{Name: "current", Type: "password", Label: "Your password", Required: true, Autocomplete: "current-password"},
		}}),
		"security-passkeys-none": account.PasskeysPage(account.Passkeys{Page: page("/account/security/passkeys"), Why: "This site cannot use passkeys: they need https and a name in place of a number."}),
		"security-passkey-login": account.LoginPage(account.Login{Page: layout.Page{Path: "/login"}, Passkey: &use, ResetURL: "/x", SignUpURL: "/x", OtherURL: "/x", OtherName: "Example ID"}),
		"security-passkey-remove": account.FormPage(account.Form{Page: page("/x"), Title: "Remove the passkey Firefox on Linux", Lead: "Afterwards, it lets nobody in here.", ActionURL: "/x", Submit: "Remove",
			Fields: []ui.Input{{Name: "current", Type: "password", Label: "Current password", Required: true}}, Links: []account.Link{{Title: "Cancel", Href: "/x"}}}),
		"security-provider-away": account.CardPage(account.Form{Title: "Sign in with Example ID", Errors: ui.Errors{"": "The other site does not answer at the moment. Try again later, or sign in with your password."},
			Links: []account.Link{{Title: "Sign in with your password", Href: "/login"}}}),
		"security-link": account.FormPage(account.Form{Page: page("/x"), Title: "Link with Example ID", Lead: "Afterwards, you can sign in with your account there. First, prove that it is you.", ActionURL: "/x", Submit: "Next",
			Fields: []ui.Input{{Name: "current", Type: "password", Label: "Current password", Required: true}}, Links: []account.Link{{Title: "Cancel", Href: "/x"}}}),
		"security-unlink": account.FormPage(account.Form{Page: page("/x"), Title: "Unlink", Lead: "Afterwards, you sign in with your password only.", ActionURL: "/x", Submit: "Next",
			Errors: ui.Errors{"current": "This is not your password."}, Fields: []ui.Input{{Name: "current", Type: "password", Label: "Current password", Error: "This is not your password.", Required: true}}, Links: []account.Link{{Title: "Cancel", Href: "/x"}}}),
		"security-login": account.LoginPage(account.Login{Page: layout.Page{Path: "/login"}, ResetURL: "/x", SignUpURL: "/x", OtherURL: "/x", OtherName: "Example ID"}),
		"security-totp": account.TOTPPage(account.TOTPSetup{QR: svg, Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", Form: account.Form{
			Page: page("/account/security/totp"), Title: "Codes of an app", Lead: "Scan this picture with your authenticator app. Then type the code that it shows.",
			ActionURL: "/x", Submit: "Turn on", Fields: []ui.Input{code("")}, Links: []account.Link{{Title: "Cancel", Href: "/x"}},
		}}),
		"security-codes": account.RecoveryPage(account.Recovery{Page: page("/account/security/totp/confirm"), Codes: codes, DoneURL: "/x", FileName: "recovery-codes.txt", FileHead: "Recovery codes"}),
		"security-step": account.CardPage(account.Form{Title: "One more step", Lead: "Your password is right. Now type the code that your authenticator app shows.", ActionURL: "/x", Submit: "Sign in",
			Errors: ui.Errors{"code": "This code is wrong, or was used already. Wait for the next one."}, Fields: []ui.Input{code("This code is wrong, or was used already. Wait for the next one.")},
			Links: []account.Link{{Title: "Start again", Href: "/login"}}}),
	}
}
