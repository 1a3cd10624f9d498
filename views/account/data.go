package account

import (
	"albumen/views/layout"
	"albumen/views/ui"
)

// Data is what people may do with their data. The deletion is posted to DeleteURL
// with the password as "current".
type Data struct {
	Page      layout.Page
	DeleteURL string
	AlbumsURL string // where albums can be handed over before
	Goes      string // what goes with the account, in numbers
	Grace     string // how long it can be called off
	Errors    ui.Errors
}
