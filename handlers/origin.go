package handlers

import (
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// origin is the list from which the viewer was opened. The viewer's address
// carries it, so that previous, next and back stay within that list.
type origin struct {
	kind   string     // timeline, favourites, trash or search
	search url.Values // the words and filters of a search
}

var (
	fromTimeline   = origin{kind: "timeline"}
	fromFavourites = origin{kind: "favourites"}
	fromTrash      = origin{kind: "trash"}
)

// searchFields are the choices of the search page that its results carry on.
var searchFields = []string{"q", "mode", "from", "to", "type", "camera", "ai_status", "similar"}

// fromSearch keeps of values what a search consists of.
func fromSearch(values url.Values) origin {
	kept := url.Values{}
	for _, field := range searchFields {
		if v := values.Get(field); v != "" {
			kept.Set(field, v)
		}
	}
	return origin{kind: "search", search: kept}
}

// originOf reads the list from the address; an unknown one is the timeline.
func originOf(c echo.Context) origin {
	switch c.QueryParam("in") {
	case "favourites":
		return fromFavourites
	case "trash":
		return fromTrash
	case "search":
		return fromSearch(c.QueryParams())
	}
	return fromTimeline
}

// viewer is the address of an item within the list.
func (o origin) viewer(id uuid.UUID) string { return o.at("/media/" + id.String()) }

// at is a path with the list appended, for pages around one item.
func (o origin) at(path string) string {
	q := url.Values{}
	for field, v := range o.search {
		q[field] = v
	}
	if o.kind != "timeline" {
		q.Set("in", o.kind)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// withInfo is the viewer with its panel open.
func (o origin) withInfo(id uuid.UUID) string {
	address := o.viewer(id)
	if o.kind == "timeline" {
		return address + "?info=1"
	}
	return address + "&info=1"
}

// list is the address of the list itself.
func (o origin) list() string {
	switch o.kind {
	case "search":
		return "/search?" + o.search.Encode()
	default:
		return "/" + o.kind
	}
}

// place is the list at the item, where leaving its page leads back to.
func (o origin) place(id uuid.UUID) string {
	anchor := "#m-" + id.String()
	if o.kind == "search" {
		return o.list() + anchor
	}
	return o.list() + "?at=" + id.String() + anchor
}
