// Package layout is the shell around every page: head, navigation, search box, receipts; and the error page.
package layout

import "cmp"

// Page is what the shell needs to know. Texts are already in the reader's language.
type Page struct {
	Title   string   // of the page, without the product's name; every page component has its own where this is ""
	Section string   // current entry of the navigation: timeline, albums, favourites, search, upload, trash, account, admin, help; set by the page component
	User    *User    // who is signed in; nil shows no navigation
	Theme   string   // "light", "dark", or "" for the system's
	Query   string   // content of the search box
	Site    string   // name of the site; "" for the product's
	Path    string   // this page's own path and query, where forms such as the theme switch come back to
	Receipt *Receipt // what the last act did, once
	Scripts []string // further scripts by asset name, such as "upload.js"
	Secret  bool     // the address holds a secret: no request that the page leads to may tell it
	Home    string   // where the product's name leads; "" for the start
	Preview *Preview // what other services show of a link to the page; nil for nothing
}

// Preview is a page in short, for messengers.
type Preview struct {
	Title    string
	ImageURL string // absolute; "" for none
}

func (p Page) home() string { return cmp.Or(p.Home, "/") }

// User is the signed-in person as the shell shows them.
type User struct {
	Name, Email string
	AvatarURL   string // "" shows initials
	Admin       bool   // shows the way to /admin
}

// Receipt tells what an act did and offers to take it back.
type Receipt struct {
	Text     string
	UndoURL  string // POST target; "" when the act cannot be undone
	UndoText string // of the button; "" for plain "Undo"
	Back     string // where undoing leads, posted as "back"
	Error    bool   // the act failed
}

// Problem is an error page's content.
type Problem struct {
	Page      Page
	Status    int    // HTTP status; 403 is shown as 404
	Detail    string // a sentence for this very case; "" uses the status' own
	Reference string // request id, also in the log
	RetryURL  string // for a "try again" link; "" for none
}

// Named returns the page with its place in the navigation, and with that title where it has none yet.
func (p Page) Named(section, title string) Page {
	p.Section = section
	if p.Title == "" {
		p.Title = title
	}
	return p
}

// site is what the album is called; product where nobody gave it a name.
func (p Page) site(product string) string { return cmp.Or(p.Site, product) }

func (p Page) referrer() string {
	if p.Secret {
		return "no-referrer"
	}
	return "same-origin"
}

type entry struct {
	section, href, icon, key string
	letter                   string // pressed after g
	onBar                    bool   // of phones; the others are behind "more"
}

var places = []entry{
	{"timeline", "/timeline", "photos", "nav.timeline", "t", true},
	{"albums", "/albums", "albums", "nav.albums", "a", true},
	{"favourites", "/favourites", "heart", "nav.favourites", "f", false},
	{"search", "/search", "search", "nav.search", "s", true},
	{"upload", "/upload", "upload", "nav.upload", "u", true},
	{"trash", "/trash", "trash", "nav.trash", "", false},
}

func (e entry) current(p Page) string {
	if e.section == p.Section {
		return "page"
	}
	return ""
}

type theme struct {
	value, key, icon string
	chosen           bool
}

func themes(p Page) []theme {
	return []theme{
		{"system", "theme.system", "screen", p.Theme == ""},
		{"light", "theme.light", "sun", p.Theme == "light"},
		{"dark", "theme.dark", "moon", p.Theme == "dark"},
	}
}

// problemKeys names the two messages of a status: what happened and what to do.
func problemKeys(status int) (title, help string) {
	switch status {
	case 403, 404, 410:
		return "problem.missing.title", "problem.missing.help"
	case 401:
		return "problem.signin.title", "problem.signin.help"
	case 405:
		return "problem.method.title", "problem.method.help"
	case 409:
		return "problem.conflict.title", "problem.conflict.help"
	case 413:
		return "problem.large.title", "problem.large.help"
	case 415:
		return "problem.unsupported.title", "problem.unsupported.help"
	case 400, 421, 422:
		return "problem.invalid.title", "problem.invalid.help"
	case 429:
		return "problem.often.title", "problem.often.help"
	case 503:
		return "problem.unavailable.title", "problem.unavailable.help"
	}
	return "problem.internal.title", "problem.internal.help"
}
