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
		Grace: "You are signed out everywhere at once. It is done after 14 days; until then, signing in calls it off.",
	}
	wrong := p
	wrong.Errors = ui.Errors{"current": "This is not your password.", "": "This is the last administrator. Make another one first."}
	return map[string]templ.Component{"own-data": account.DataPage(p), "own-data-wrong": account.DataPage(wrong)}
}
