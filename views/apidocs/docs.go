// Package apidocs is the page that documents the API.
package apidocs

import "albumen/views/layout"

// Docs is the page's content, taken from the OpenAPI document.
type Docs struct {
	Page       layout.Page
	BaseURL    string // with the API's prefix
	OpenAPIURL string
	Groups     []Group
}

func (p Docs) example() string {
	return "curl -H 'Authorization: Bearer albumen_…' " + p.BaseURL + "/me"
}

// Group is a part of the API.
type Group struct {
	Name       string
	Operations []Operation
}

// Operation is one method on one path.
type Operation struct {
	ID, Method, Path, Summary string
	Public                    bool // answers without a token
	Parameters                []Field
	Body                      []Field
	Answer                    []Field
	List                      bool   // Answer is one of the items
	Codes                     string // statuses of refusals
}

// Field is a parameter or a field of a body.
type Field struct {
	Name, Type, Note string
	Required         bool
}
