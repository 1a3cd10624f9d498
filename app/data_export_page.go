package app

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"albumen/archive"
	"albumen/i18n"
)

// exportItem is an item as a page and the JSON show it.
type exportItem struct {
	Title     string
	Taken     time.Time
	Favourite bool
	Files     []string // the original first
	Thumb     string   // "" where there is none
	Facts     json.RawMessage
	Edits     json.RawMessage // what was changed, oldest first
}

// exportLink leads to a page of items.
type exportLink struct {
	File        string
	First, Last time.Time
	N           int
}

// exportCount is a file of JSON.
type exportCount struct {
	Name, File string
	N          int
}

// exportNames say what the files of JSON hold.
var exportNames = map[string]string{
	"account": "own_data.page.account", "albums": "own_data.page.albums", "memberships": "own_data.page.memberships",
	"groups": "own_data.page.groups", "links": "own_data.page.links", "tokens": "own_data.page.tokens", "sessions": "own_data.page.sessions",
	"sign_in": "own_data.page.sign_in", "invitations": "own_data.page.invitations", "mails": "own_data.page.mails",
	"policies": "own_data.page.policies", "reports": "own_data.page.reports", "messages": "own_data.page.messages", "favourites": "own_data.page.favourites",
	"edits": "own_data.page.edits", "activity": "own_data.page.activity",
}

// showPage writes a stretch of items as JSON and as a page.
func (w *exportWriter) showPage(items []exportItem) error {
	ctx, number := w.reader, len(w.pages)+1
	facts := make([][]byte, len(items))
	link := exportLink{File: fmt.Sprintf("pages/%05d.html", number), First: items[0].Taken, Last: items[0].Taken, N: len(items)}
	p := archive.Items{
		Lang: i18n.Lang(ctx), Title: i18n.T(ctx, "own_data.page.items_page", "Number", i18n.Number(ctx, number)), All: i18n.T(ctx, "own_data.page.all"),
	}
	for i, item := range items {
		record := map[string]any{"files": item.Files, "thumb": item.Thumb, "favourite": item.Favourite, "item": item.Facts}
		if item.Edits != nil {
			record["edits"] = item.Edits
		}
		var err error
		if facts[i], err = json.Marshal(record); err != nil {
			return fmt.Errorf("write an item: %w", err)
		}
		if item.Taken.Before(link.First) {
			link.First = item.Taken
		}
		if item.Taken.After(link.Last) {
			link.Last = item.Taken
		}
		shown := archive.Item{
			Title: item.Title, Favourite: item.Favourite, Thumb: item.Thumb,
			Taken: i18n.T(ctx, "own_data.page.taken", "Date", i18n.Date(ctx, item.Taken), "Time", i18n.Clock(ctx, item.Taken)),
		}
		if len(item.Files) > 0 {
			shown.Href = item.Files[0]
		}
		p.Items = append(p.Items, shown)
	}
	w.pages = append(w.pages, link)
	if _, err := w.jsonFile(fmt.Sprintf("data/media-%05d.json", number), once(facts, nil)); err != nil {
		return err
	}
	return w.html(link.File, p)
}

// index writes the page to begin with.
func (w *exportWriter) index(counts []exportCount) error {
	ctx := w.reader
	p := archive.Index{
		Lang: i18n.Lang(ctx), Title: i18n.T(ctx, "own_data.page.title", "Name", w.user.Name),
		Lead:       i18n.T(ctx, "own_data.page.lead", "Email", w.user.Email, "When", i18n.Moment(ctx, w.started)),
		ItemsTitle: i18n.T(ctx, "own_data.page.items", "Count", i18n.Number(ctx, int(w.done.Load()))),
		Originals:  i18n.T(ctx, "own_data.page.originals"), NoItems: i18n.T(ctx, "own_data.page.no_items"),
		RecordsTitle: i18n.T(ctx, "own_data.page.records"),
		LacksTitle:   i18n.T(ctx, "own_data.page.lacks"), LacksLead: i18n.T(ctx, "own_data.page.lacks_lead"), Lacks: w.lacks,
	}
	for _, l := range w.pages {
		p.Pages = append(p.Pages, archive.Entry{Href: l.File, Label: span(ctx, l.First, l.Last), Count: i18n.Number(ctx, l.N)})
	}
	for _, c := range counts {
		p.Records = append(p.Records, archive.Entry{Href: c.File, Label: i18n.T(ctx, exportNames[c.Name]), Count: i18n.Number(ctx, c.N)})
	}
	return w.html("index.html", p)
}

// span names the months from first to last.
func span(ctx context.Context, first, last time.Time) string {
	from, to := i18n.Month(ctx, first.Year(), first.Month()), i18n.Month(ctx, last.Year(), last.Month())
	if from == to {
		return from
	}
	return i18n.T(ctx, "own_data.page.span", "First", from, "Last", to)
}

func (w *exportWriter) html(name string, page interface{ Write(io.Writer) error }) error {
	entry, err := w.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.started})
	if err != nil {
		return fmt.Errorf("begin an entry: %w", err)
	}
	return wrap(page.Write(entry), "write "+name)
}
