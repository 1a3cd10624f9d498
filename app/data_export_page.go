package app

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"time"

	"albumen/archive"
)

// exportItem is an item as a page and the JSON show it.
type exportItem struct {
	Title     string
	Taken     time.Time
	Favourite bool
	Files     []string // the original first
	Thumb     string   // "" where there is none
	Facts     json.RawMessage
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

// showPage writes a stretch of items as JSON and as a page.
func (w *exportWriter) showPage(items []exportItem) error {
	number := len(w.pages) + 1
	facts := make([][]byte, len(items))
	link := exportLink{File: fmt.Sprintf("pages/%05d.html", number), First: items[0].Taken, Last: items[0].Taken, N: len(items)}
	for i, item := range items {
		var err error
		facts[i], err = json.Marshal(map[string]any{"files": item.Files, "thumb": item.Thumb, "favourite": item.Favourite, "item": item.Facts})
		if err != nil {
			return fmt.Errorf("write an item: %w", err)
		}
		if item.Taken.Before(link.First) {
			link.First = item.Taken
		}
		if item.Taken.After(link.Last) {
			link.Last = item.Taken
		}
	}
	w.pages = append(w.pages, link)
	if _, err := w.jsonFile(fmt.Sprintf("data/media-%05d.json", number), once(facts, nil)); err != nil {
		return err
	}
	return w.html(link.File, "items", map[string]any{"Items": items, "Number": number})
}

// index writes the page to begin with.
func (w *exportWriter) index(counts []exportCount) error {
	return w.html("index.html", "index", map[string]any{
		"Name": w.user.Name, "Email": w.user.Email, "Made": w.started.UTC(), "Pages": w.pages, "Counts": counts, "Lacks": w.lacks, "Items": w.done.Load(),
	})
}

func (w *exportWriter) html(name, block string, data any) error {
	entry, err := w.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.started})
	if err != nil {
		return fmt.Errorf("begin an entry: %w", err)
	}
	return wrap(archive.WritePage(entry, block, data), "write "+name)
}
