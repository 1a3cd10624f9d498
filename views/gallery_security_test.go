package views_test

import (
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
	return map[string]templ.Component{
		"security": account.SecurityPage(account.Security{Page: page("/account/security"), Rows: []account.Way{
			way("key", "Password", "Asked for whenever you sign in.", "Change"),
			way("clock", "Codes of an app", "On since 13 July 2024, 16:42. A code is asked for after the password.", "Turn off"),
			way("file", "Recovery codes", "9 codes left", "Make new codes"),
		}}),
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
