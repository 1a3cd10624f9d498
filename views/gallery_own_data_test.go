package views_test

import (
	"github.com/a-h/templ"

	"albumen/views/account"
	"albumen/views/ui"
)

// ownData are the pages about one's data.
func ownData() map[string]templ.Component {
	p := account.Data{
		Page: page("/account/data"), DeleteURL: "/x", AlbumsURL: "/x", Goes: "1,204 photos and videos, 12 albums",
		Grace: "You are signed out everywhere at once. The account is deleted after 14 days; until then, signing in cancels it.",
	}
	p.Current = ui.Input{Name: "current", Type: "password", Label: "Current password", Autocomplete: "current-password", Required: true}
	p.Export = account.Export{ActionURL: "/x", RemoveURL: "/x"}
	running, ready := p, p
	running.Export.Running, running.Export.Done, running.Export.Total = true, 512, 1_204
	running.Export.Text = "512 of 1,204 photos and videos are in it. You can leave this page: you will get an e-mail when it is ready."
	ready.Export.DownloadURL, ready.Export.Text = "/x", "12.4 GB, for you alone until 1 December 2026, 14:30."
	wrong := p
	wrong.Export.Problem = "The copy could not be made. Try again; if that does not help, ask an administrator to look into the log."
	wrong.Current.Error = "This is not your password."
	code := p
	code.Current = ui.Input{Name: "current", Type: "text", Label: "Code from the e-mail", Hint: "Your account has no password. Have a code sent to you by e-mail, and type it here.", Autocomplete: "one-time-code", Required: true}
	code.Proof = account.Link{Title: "Send me a code", Href: "/x"}
	wrong.Errors = ui.Errors{"current": "This is not your password.", "": "This is the last administrator. Make another one first."}
	return map[string]templ.Component{
		"own-data-running": account.DataPage(running), "own-data-ready": account.DataPage(ready),
		"own-data": account.DataPage(p), "own-data-wrong": account.DataPage(wrong), "own-data-code": account.DataPage(code),
	}
}
