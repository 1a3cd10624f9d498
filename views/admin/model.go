package admin

import (
	"time"

	"albumen/views/layout"
)

// Model is the page of search by meaning: the models and the ml processes.
type Model struct {
	Page      layout.Page
	Problem   *Problem // nil when search by meaning works
	Models    []ModelCard
	Processes []MLProcess
	Failed    []Failure // could not be embedded; RetryURL posts
	RetryURL  string    // POST, all of them; "" when there are none
	MissedURL string    // POST, what was never embedded; "" without a model
	AgainURL  string    // POST, everything once more; "" without a model
	Retired   string    // the labels of models that can be removed; "" when there are none
	Removing  string    // says which models are being removed
	PruneURL  string    // POST
	Command   string    // that fetches the model
}

// Problem says why search by meaning does not work, or not as it could.
type Problem struct {
	Text  string // whole sentences
	Said  string // by the ml process, in English; may be ""
	Grave bool
	Help  bool // whether fetching the model by hand may mend it
}

// ModelCard is a model in use.
type ModelCard struct {
	Name     string
	ID       string
	State    string // a phrase
	Facts    string // dimension, random or trained: a phrase
	Random   bool
	Done     int
	Total    int
	Progress string // a sentence: how many of how many, what failed
	Left     string // a phrase; "" when nobody can say or there is nothing left
	UseURL   string // POST, search with it before it is complete; "" when it is used
	UseNote  string
}

// MLProcess is one ml process that was heard of lately.
type MLProcess struct {
	Host       string
	State      string // a sentence
	OK         bool
	Busy       bool // getting ready
	Device     string
	Rate       string // a phrase
	Since      time.Time
	Fetched    int64 // bytes of FetchTotal; zero outside a download
	FetchTotal int64
}
