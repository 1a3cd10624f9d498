// Package admin renders the pages for administrators.
package admin

import (
	"time"

	"albumen/views/layout"
)

// Status is the page that tells whether the machinery runs.
type Status struct {
	Page       layout.Page
	Version    string
	Processes  []Process
	Queues     []Queue
	Totals     []Total
	Failed     []Failure
	RetryURL   string // POST, all failed items; "" when there are none
	Meaning    string // state of search by meaning: a sentence
	MeaningOn  bool
	MeaningURL string // of the page about it
}

// Process is one running process.
type Process struct {
	Name, Host string
	State      string // a phrase: "running", "not seen for 2 minutes"
	OK         bool
	Since      time.Time
}

// Queue is one job queue.
type Queue struct {
	Name                          string
	Waiting, Running, Retry, Dead int
	Oldest                        time.Duration // age of the longest waiting job
}

// Total is one number about the collection.
type Total struct {
	Label, Value string
}

// Failure is one item that could not be processed.
type Failure struct {
	Filename string
	Href     string
	Reason   string // a sentence
	Attempts int
	At       time.Time
	RetryURL string // POST
}
