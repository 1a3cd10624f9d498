// Package help renders the help pages. The table of keys here is the only one: the help page and the overlay show it,
// and static/js follows it.
package help

import "albumen/views/layout"

// Keys is the page of /help/keys; its fragment for the overlay is [KeyTable].
type Keys struct {
	Page layout.Page
}

// Key is one line of the table.
type Key struct {
	Keys  []string // alternatives; a sequence such as "g t" is pressed one after the other
	Where string   // message key
	Does  string   // message key
}

// Table lists the keys that work.
func Table() []Key {
	return []Key{
		{[]string{"g t"}, "keys.anywhere", "keys.timeline"},
		{[]string{"g a"}, "keys.anywhere", "keys.albums"},
		{[]string{"g f"}, "keys.anywhere", "keys.favourites"},
		{[]string{"g s"}, "keys.anywhere", "keys.search"},
		{[]string{"g u"}, "keys.anywhere", "keys.upload"},
		{[]string{"/"}, "keys.anywhere", "keys.box"},
		{[]string{"?"}, "keys.anywhere", "keys.help"},
		{[]string{"u"}, "keys.anywhere", "keys.undo"},
		{[]string{"←", "↑", "→", "↓", "j", "k"}, "keys.grid", "keys.move"},
		{[]string{"Enter"}, "keys.grid", "keys.open"},
		{[]string{"Esc"}, "keys.viewer", "keys.back"},
		{[]string{"←", "→"}, "keys.viewer", "keys.step"},
		{[]string{"i"}, "keys.viewer", "keys.info"},
		{[]string{"f"}, "keys.both", "keys.favourite"},
		{[]string{"a"}, "keys.both", "keys.album"},
		{[]string{"d"}, "keys.both", "keys.download"},
		{[]string{"#"}, "keys.both", "keys.trash"},
	}
}

// group is the keys of one place.
type group struct {
	where string
	keys  []Key
}

func groups() []group {
	var out []group
	for _, k := range Table() {
		if n := len(out); n == 0 || out[n-1].where != k.Where {
			out = append(out, group{where: k.Where})
		}
		g := &out[len(out)-1]
		g.keys = append(g.keys, k)
	}
	return out
}
