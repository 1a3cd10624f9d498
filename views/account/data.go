package account

import (
	"albumen/views/layout"
	"albumen/views/ui"
)

// Data is what people may do with their data. The deletion is posted to DeleteURL
// with Current, which proves who asks.
type Data struct {
	Page      layout.Page
	DeleteURL string
	AlbumsURL string // where albums can be handed over before
	Goes      string // what goes with the account, in numbers
	Grace     string // how long it can be called off
	Current   ui.Input
	Proof     Link // where what Current asks for can be had; no Href where it is known
	Export    Export
	Errors    ui.Errors
}

// Export is the copy of a person's data, asked for by a POST to ActionURL and taken
// away by one to RemoveURL.
type Export struct {
	ActionURL, RemoveURL string
	Running              bool
	Done, Total          int    // items
	Text                 string // how far it is, or how long it can be fetched; "" where there is none
	Problem              string // why there is none; "" for nothing
	DownloadURL          string // "" while there is none
}
