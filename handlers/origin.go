package handlers

import (
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/db"
)

// origin is the list from which the viewer was opened. The viewer's address
// carries it, so that previous, next and back stay within that list.
type origin struct {
	kind   string     // timeline, favourites, trash, search or album
	fields url.Values // the words and filters of a search, the id of an album
}

var (
	fromTimeline   = origin{kind: "timeline"}
	fromShared     = origin{kind: "timeline", fields: url.Values{"scope": {string(db.ScopeAll)}}} // with what others share
	fromFavourites = origin{kind: "favourites"}
	fromTrash      = origin{kind: "trash"}
)

// filterFields are the filters of the search page, and searchFields all its
// choices that its results carry on.
var (
	filterFields = []string{"from", "to", "type", "camera", "ai_status"}
	searchFields = append([]string{"q", "mode", "similar", "album"}, filterFields...)
)

// fromSearch keeps of values what a search consists of.
func fromSearch(values url.Values) origin {
	kept := url.Values{}
	for _, field := range searchFields {
		if v := values.Get(field); v != "" {
			kept.Set(field, v)
		}
	}
	return origin{kind: "search", fields: kept}
}

// fromAlbum is the list of an album's items.
func fromAlbum(id uuid.UUID) origin {
	return origin{kind: "album", fields: url.Values{"album": {id.String()}}}
}

// album is the one whose list it is; zero in other lists.
func (o origin) album() uuid.UUID {
	if o.kind != "album" {
		return uuid.Nil
	}
	return uuid.MustParse(o.fields.Get("album"))
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
	case "album":
		if id, err := uuid.Parse(c.QueryParam("album")); err == nil {
			return fromAlbum(id)
		}
	}
	return timelineOf(c)
}

// timelineOf is the timeline that the address names: one's own, or that with
// what others share.
func timelineOf(c echo.Context) origin {
	if c.QueryParam("scope") == string(db.ScopeAll) {
		return fromShared
	}
	return fromTimeline
}

// scope says whose photos the timeline holds.
func (o origin) scope() db.Scope {
	if o.kind == "timeline" && o.fields.Get("scope") != "" {
		return db.ScopeAll
	}
	return db.ScopeOwn
}

// viewer is the address of an item within the list.
func (o origin) viewer(id uuid.UUID) string { return o.at("/media/" + id.String()) }

// at is a path with the list appended, for pages around one item.
func (o origin) at(path string) string {
	q := url.Values{}
	for field, v := range o.fields {
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
func (o origin) withInfo(id uuid.UUID) string { return with(o.viewer(id), "info=1") }

// list is the address of the list itself.
func (o origin) list() string {
	switch o.kind {
	case "search":
		return "/search?" + o.fields.Encode()
	case "album":
		return "/albums/" + o.fields.Get("album")
	default:
		if len(o.fields) > 0 {
			return "/" + o.kind + "?" + o.fields.Encode()
		}
		return "/" + o.kind
	}
}

// place is the list at the item, where leaving its page leads back to.
func (o origin) place(id uuid.UUID) string {
	anchor := "#m-" + id.String()
	if o.kind == "search" {
		return o.list() + anchor
	}
	return with(o.list(), "at="+id.String()) + anchor
}

// with adds an encoded field to the query of an address.
func with(address, field string) string {
	if strings.Contains(address, "?") {
		return address + "&" + field
	}
	return address + "?" + field
}
