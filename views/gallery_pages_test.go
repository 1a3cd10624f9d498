package views_test

import (
	"maps"
	"net/url"
	"time"

	"albumen/views/account"
	"albumen/views/admin"
	"albumen/views/help"
	"albumen/views/layout"
	"albumen/views/media"
	"albumen/views/search"
	"albumen/views/ui"
	"albumen/views/upload"

	"github.com/a-h/templ"
)

var (
	someone = &layout.User{Name: "Ada", Email: "ada@example.org", Admin: true}
	noon    = time.Date(2024, 7, 13, 16, 42, 0, 0, time.UTC)
)

func page(path string) layout.Page { return layout.Page{User: someone, Path: path} }

// pages are all pages in the states worth looking at, by name; they are served at /NAME.
func (g *gallery) pages() map[string]templ.Component {
	undo := page("/timeline")
	undo.Receipt = &layout.Receipt{Text: "Moved to the trash.", UndoURL: "/undo", Back: "/timeline"}
	failed := page("/timeline")
	failed.Receipt = &layout.Receipt{Text: "That could not be undone: someone changed it since.", Error: true}
	visitor := layout.Page{Path: "/login"}
	all := map[string]templ.Component{
		"login":           account.LoginPage(account.Login{Page: visitor}),
		"login-wrong":     account.LoginPage(account.Login{Page: visitor, Email: "ada@example.org", Errors: ui.Errors{"": "E-mail address and password do not belong together. Check both and try again."}}),
		"login-field":     account.LoginPage(account.Login{Page: visitor, Notice: "You have been signed out.", Email: "ada", Errors: ui.Errors{"email": "Enter an address such as ada@example.org."}}),
		"firstrun":        account.FirstRunPage(account.FirstRun{Page: visitor, ActionURL: "/setup"}),
		"timeline":        media.TimelinePage(g.timeline(page("/timeline"))),
		"timeline-undo":   media.TimelinePage(g.timeline(undo)),
		"timeline-error":  media.TimelinePage(g.timeline(failed)),
		"timeline-month":  media.TimelinePage(g.month()),
		"timeline-empty":  media.TimelinePage(media.Timeline{Page: page("/timeline"), EventsURL: "/events", ItemsURL: "/timeline/items"}),
		"timeline-mixed":  media.TimelinePage(g.mixed()),
		"favourites":      media.FavouritesPage(media.Grid{Page: page("/favourites"), Tiles: g.tiles(23), OlderURL: ""}),
		"favourites-none": media.FavouritesPage(media.Grid{Page: page("/favourites")}),
		"viewer":          media.ViewerPage(g.viewer(3, false)),
		"viewer-info":     media.ViewerPage(g.viewer(7, true)),
		"viewer-raw":      media.ViewerPage(g.bare("raw", "ready", "")),
		"viewer-failed":   media.ViewerPage(g.bare("photo", "failed", "The file is shorter than it says: the upload may have been cut off. Upload it again from the camera.")),
		"viewer-trashed":  media.ViewerPage(g.trashed()),
		"trash":           media.TrashPage(g.trash()),
		"trash-empty":     media.TrashPage(media.Trash{Page: page("/trash"), KeptDays: 30}),
		"edit":            media.EditPage(media.Edit{Page: page("/media/1/edit"), Tile: g.tile(1, noon), ActionURL: "/media/1/edit", CancelURL: "/media/1", Title: "On the ridge", Description: "After the storm."}),
		"edit-conflict":   media.EditPage(media.Edit{Page: page("/media/1/edit"), Tile: g.tile(2, noon), ActionURL: "/media/1/edit", CancelURL: "/media/1", Title: "Mine", RowVersion: 4, Errors: ui.Errors{"title": "Keep the title under 200 characters."}, Conflict: &media.Conflict{Title: "Theirs"}}),
		"upload":          upload.UploadPage(upload.Upload{Page: page("/upload"), ActionURL: "/upload", TusURL: "/upload/tus/", MaxBytes: 2_000_000_000, Accept: "image/*,video/*", LeftBytes: 48_200_000_000}),
		"upload-result":   upload.ResultPage(uploaded()),
		"search":          search.SearchPage(search.Search{Page: page("/search"), Mode: "hybrid", Total: -1}),
		"search-results":  search.SearchPage(g.found()),
		"search-none":     search.SearchPage(search.Search{Page: withQuery("zebra"), Mode: "text", Asked: true, Filtered: true, From: "2024-07-01", ResetURL: "/search?q=zebra", Errors: ui.Errors{"to": "This date is before the first one."}}),
		"settings":        account.SettingsPage(account.Settings{Page: page("/account"), ActionURL: "/account", Name: "Ada", Email: "ada@example.org", Language: "en", Zone: "Europe/Berlin", Zones: []string{"Europe/Berlin", "Europe/Paris"}, Avatar: account.Avatar{UploadURL: "/account/avatar"}, Links: []account.Link{{Icon: "key", Title: "Password", Lead: "Change it.", Href: "/account/password"}, {Icon: "sliders", Title: "API tokens", Lead: "Let programs use your album.", Href: "/account/tokens"}}}),
		"signup":          account.CardPage(account.Form{Page: visitor, Title: "Create an account", ActionURL: "/signup", Submit: "Create account", Terms: "3", Fields: []ui.Input{{Name: "name", Label: "Name", Required: true}, {Name: "password", Type: "password", Label: "Password", Hint: "At least 10 characters.", Error: "This is too easy to guess. Add another word or two."}}, Links: []account.Link{{Title: "Already have an account? Sign in", Href: "/login"}}}),
		"reset-sent":      account.CardPage(account.Form{Page: visitor, Title: "Forgot your password?", Lead: "Enter the address with which you sign in.", Notice: "If there is an account with that address, an e-mail is on its way.", ActionURL: "/reset", Submit: "Send the e-mail", Fields: []ui.Input{{Name: "email", Type: "email", Label: "E-mail address"}}}),
		"password-change": account.FormPage(account.Form{Page: page("/account/password"), Title: "Change password", Lead: "All other browsers are signed out.", ActionURL: "/x", Submit: "Change the password", Fields: []ui.Input{{Name: "current", Type: "password", Label: "Current password"}, {Name: "password", Type: "password", Label: "New password"}}}),
		"settings-avatar": account.SettingsPage(account.Settings{Page: page("/account"), ActionURL: "/account", Name: "Ada Lovelace", Email: "ada@example.org", Language: "en", Zone: "UTC", Avatar: account.Avatar{UploadURL: "/x", Error: "This is not a picture that can be used here."}}),
		"sessions":        account.SessionsPage(account.Sessions{Page: page("/account/sessions"), EndOthersURL: "/x", List: []account.Session{{Device: "Firefox on Linux", Address: "192.0.2.1", Current: true, SignedInAt: noon, LastSeenAt: noon}, {Device: "Safari on iPhone", Address: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Remembered: true, SignedInAt: noon, LastSeenAt: noon, EndURL: "/x"}}}),
		"site-settings":   admin.SettingsPage(admin.Settings{Page: page("/admin/settings"), ActionURL: "/admin/settings", NoMail: true, Values: url.Values{"site_name": {"Our photos"}, "sign_up": {"on"}, "trash_days": {"400"}}, Errors: ui.Errors{"trash_days": "Enter a number of days from 1 to 365."}}),
		"tokens":          account.TokensPage(tokens("")),
		"tokens-made":     account.TokensPage(tokens("alb_3f9c2a7d51e84b0c9d6f2e1a8b7c4d5e")),
		"admin":           admin.StatusPage(status()),
		"model":           admin.ModelPage(modelReady()),
		"model-building":  admin.ModelPage(modelBuilding()),
		"model-fetching":  admin.ModelPage(modelFetching()),
		"model-offline":   admin.ModelPage(modelOffline()),
		"model-none":      admin.ModelPage(modelNone()),
		"keys":            help.KeysPage(help.Keys{Page: page("/help/keys")}),
		"problem":         layout.ProblemPage(layout.Problem{Page: page("/x"), Status: 404, Reference: "01J3-7Q2M"}),
		"problem-visitor": layout.ProblemPage(layout.Problem{Page: visitor, Status: 503, Reference: "01J3-7Q2M", RetryURL: "/"}),
	}
	maps.Copy(all, g.albumPages())
	maps.Copy(all, mailPages())
	maps.Copy(all, policyPages("/media/0003/thumb?v=1"))
	maps.Copy(all, termsPages())
	maps.Copy(all, people())
	maps.Copy(all, auditLog())
	maps.Copy(all, ownData())
	maps.Copy(all, security())
	return all
}

func withQuery(q string) layout.Page {
	p := page("/search?q=" + q)
	p.Query = q
	return p
}

func (g *gallery) tiles(n int) []media.Tile {
	var out []media.Tile
	for i := range n {
		out = append(out, g.tile(i, noon.AddDate(0, 0, -i)))
	}
	return out
}

func (g *gallery) timeline(p layout.Page) media.Timeline {
	return media.Timeline{Page: p, Days: g.days(0, []int{11, 3, 1, 17, 6}), Months: months(), OlderURL: "/timeline?before=5", EventsURL: "/events", ItemsURL: "/timeline/items"}
}

func (g *gallery) days(from int, counts []int) []media.Day {
	var out []media.Day
	n := from * 100
	for d, count := range counts {
		day := media.Day{Date: noon.AddDate(0, 0, -from-d)}
		for range count {
			day.Tiles = append(day.Tiles, g.tile(n, day.Date.Add(-time.Duration(n)*time.Minute)))
			n++
		}
		out = append(out, day)
	}
	return out
}

func (g *gallery) month() media.Timeline {
	t := g.timeline(page("/timeline?month=2023-12"))
	t.Page.Title = "December 2023"
	t.NewerURL, t.NewestURL = "/timeline?after=5", "/timeline"
	return t
}

func (g *gallery) mixed() media.Timeline {
	t := g.timeline(page("/timeline"))
	tiles := t.Days[0].Tiles
	tiles[1].Kind, tiles[1].Duration = "video", "1:05"
	tiles[2] = media.Tile{ID: "v1", Href: "/media/1", Alt: "Video", Kind: "video", Status: "ready", Filename: "MVI_2041.MOV", TakenAt: noon}
	tiles[3] = media.Tile{ID: "r1", Href: "/media/1", Kind: "raw", Status: "ready", Filename: "DSC_0042.NEF", TakenAt: noon, Width: 6000, Height: 4000, Favourite: true}
	tiles[4] = media.Tile{ID: "f1", Href: "/media/1", Kind: "photo", Status: "failed", Reason: "The file is damaged and cannot be read.", Filename: "IMG_0043.HEIC", TakenAt: noon}
	tiles[5] = media.Tile{ID: "p1", Href: "/media/1", Kind: "photo", Status: "processing", Filename: "IMG_0044.HEIC", TakenAt: noon, Width: 3000, Height: 4000, PlaceholderURI: tiles[6].PlaceholderURI}
	return t
}

func months() []media.Month {
	var out []media.Month
	for at := time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC); at.Year() > 2020; at = at.AddDate(0, -1-at.Day()%2, 0) {
		if at.Month()%5 == 2 {
			continue
		}
		out = append(out, media.Month{Year: at.Year(), Month: at.Month(), Count: 17 * int(at.Month()) * (at.Year() - 2018), Href: "/timeline?month=" + at.Format("2006-01"), Current: len(out) == 0})
	}
	return out
}

func (g *gallery) viewer(n int, info bool) media.Viewer {
	p := g.photos[n%len(g.photos)]
	t := g.tile(n, noon)
	return media.Viewer{
		Page: layout.Page{User: someone, Path: "/media/" + t.ID},
		Item: media.Item{ID: t.ID, Title: "Evening on the ridge", Description: "The storm had just passed. Lena took it with the old camera.", Filename: t.Filename,
			PreviewURL: "/media/" + t.ID + "/preview?v=1", PlaceholderURI: p.placeholder, Alt: t.Alt, Width: p.width, Height: p.height, Kind: "photo", Status: "ready", Favourite: info},
		PrevURL: g.viewerURL(n - 1), NextURL: g.viewerURL(n + 1), PrevPreviewURL: "/media/0002/preview?v=1", NextPreviewURL: "/media/0004/preview?v=1",
		BackURL: "/timeline", InfoOpen: info, InfoURL: g.viewerURL(n) + "&info=1",
		Info: media.Info{TakenAt: noon, Offset: "+02:00", OffsetSource: "from the camera", Camera: "Fujifilm X-T5", Lens: "XF 23mm F2 R WR", Exposure: "1/250 s · ƒ/2.8 · ISO 200 · 23 mm", Place: "Grindelwald, Switzerland", Coordinates: "46.6242, 8.0414",
			Mime: "image/jpeg", Bytes: 8_412_311, Checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", UploadedAt: noon.Add(time.Hour), Uploader: "Ada"},
		CanFavourite: true, CanTrash: true, CanEdit: true, CanDownload: true,
		FavouriteURL: "/media/" + t.ID + "/favourite", TrashURL: "/media/" + t.ID + "/trash", EditURL: "/media/" + t.ID + "/edit", OriginalURL: "/media/" + t.ID + "/original", AfterTrashURL: g.viewerURL(n + 1),
	}
}

func (g *gallery) viewerURL(n int) string {
	n = max(n, 0)
	return "/media/" + g.tile(n, noon).ID + "?in=timeline"
}

func (g *gallery) bare(kind, status, reason string) media.Viewer {
	v := g.viewer(1, false)
	v.Item = media.Item{ID: "x", Filename: "DSC_0042.NEF", Kind: kind, Status: status, Reason: reason}
	return v
}

func (g *gallery) trashed() media.Viewer {
	v := g.viewer(2, true)
	v.Item.Title, v.Item.Damaged, v.Item.TrashedDays = "", true, 12
	v.CanTrash, v.CanFavourite, v.CanEdit, v.CanRestore, v.RestoreURL = false, false, false, true, "/media/2/restore"
	v.PrevURL = ""
	return v
}

func (g *gallery) trash() media.Trash {
	t := media.Trash{Page: page("/trash"), KeptDays: 30, EmptyURL: "/trash/empty", OlderURL: "/trash?before=1"}
	for i, tile := range g.tiles(9) {
		t.Items = append(t.Items, media.TrashItem{Tile: tile, DaysLeft: i + 1, RestoreURL: "/media/1/restore", DeleteURL: "/media/1/delete"})
	}
	return t
}

func uploaded() upload.Result {
	return upload.Result{Page: page("/upload"), AgainURL: "/upload", Outcomes: []upload.Outcome{
		{Filename: "IMG_0001.JPG", State: "created", Href: "/media/1"},
		{Filename: "IMG_0002.JPG", State: "restored", Href: "/media/2"},
		{Filename: "drawing.svg", State: "refused", Reason: "SVG files can carry scripts. Export it as PNG."},
	}}
}

func (g *gallery) found() search.Search {
	s := search.Search{Page: withQuery("storm ridge"), Mode: "hybrid", Notes: []string{"Search by meaning is off: no model is installed, so only words are compared."}, Asked: true, Cameras: []string{"Fujifilm X-T5"}, Camera: "Fujifilm X-T5", Filtered: true, ResetURL: "/search?q=storm+ridge", Total: 48, MoreURL: "/search?q=storm+ridge&cursor=x"}
	for i, t := range g.tiles(11) {
		s.Hits = append(s.Hits, search.Hit{Tile: t, LessCertain: i == 8, Why: []search.Reason{
			{Field: "Title", Text: []search.Span{{Text: "After the "}, {Text: "storm", Match: true}}},
			{Field: "File", Text: []search.Span{{Text: "ridge", Match: true}, {Text: "-" + t.Filename}}},
		}})
	}
	return s
}

func tokens(created string) account.Tokens {
	return account.Tokens{Page: page("/account/tokens"), ActionURL: "/account/tokens", Created: created, DocsURL: "/api/docs",
		List: []account.Token{
			{Name: "Phone backup", Hint: "alb_3f9c", Scopes: "media:read, media:write", CreatedAt: noon, LastUsed: noon.Add(time.Hour), ExpiresAt: noon.AddDate(1, 0, 0), RevokeURL: "/account/tokens/1/revoke"},
			{Name: "Old script", Hint: "alb_77aa", Scopes: "media:read", CreatedAt: noon.AddDate(-1, 0, 0), ExpiresAt: noon, Expired: true, RevokeURL: "/account/tokens/2/revoke"},
		},
		Scopes:   []ui.Option{{Value: "media:read", Label: "See photos", Hint: "media:read", Selected: true}, {Value: "media:write", Label: "Add and change photos", Hint: "media:write"}},
		Expiries: []ui.Option{{Value: "30", Label: "In 30 days"}, {Value: "365", Label: "In one year", Selected: true}, {Value: "0", Label: "Never"}},
	}
}

func status() admin.Status {
	return admin.Status{Page: page("/admin"), Version: "0.1.0", RetryURL: "/admin/retry", Meaning: "There is no model, so photos are found by words only.", MeaningURL: "/admin/model",
		Processes: []admin.Process{{Name: "web", Host: "album-1", State: "running", OK: true, Since: noon}, {Name: "worker", Host: "album-1", State: "not seen for 2 minutes", Since: noon}},
		Queues:    []admin.Queue{{Name: "process_media", Waiting: 1204, Running: 4, Retry: 2, Oldest: 95 * time.Second}, {Name: "embed_image"}},
		Totals:    []admin.Total{{Label: "Photos", Value: "48,211"}, {Label: "Originals", Value: "312 GB"}, {Label: "Waiting", Value: "1,204"}, {Label: "Failed", Value: "2"}},
		Failed:    []admin.Failure{{Filename: "bomb.png", Href: "/media/9", Reason: "The picture has more pixels than this album decodes (900 megapixels, at most 250).", Attempts: 1, At: noon, RetryURL: "/admin/retry/9"}, {Filename: "IMG_0077.HEIC", Href: "/media/8", Reason: "The file is damaged and cannot be read.", Attempts: 3, At: noon, RetryURL: "/admin/retry/8"}},
	}
}
