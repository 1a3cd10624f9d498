// Package upload renders the upload page and, where scripts are off, its result page.
package upload

import (
	"albumen/views/layout"
	"albumen/views/ui"
)

// Upload is the page that files are chosen or dropped on.
type Upload struct {
	Page      layout.Page
	ActionURL string      // multipart POST of "files" (several), for readers without scripts
	TusURL    string      // tus 1.0 endpoint, such as /upload/tus/
	MaxBytes  int64       // per file; 0 for no limit
	Accept    string      // the accept attribute, such as "image/*,video/*,.dng"
	LeftBytes int64       // of the quota; negative for no quota
	Albums    []ui.Option // into which the files can go; empty: no choice
	SeeURL    string      // where the files are seen afterwards
}

// Result is the answer to a plain multipart upload.
type Result struct {
	Page     layout.Page
	Outcomes []Outcome
	AgainURL string
}

// Outcome is what became of one file.
type Outcome struct {
	Filename string
	State    string // created, duplicate, restored, refused
	Href     string // of the photo, when there is one
	Reason   string // why it was refused
}

func (r Result) count(state string) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.State == state {
			n++
		}
	}
	return n
}
