// Package archive is the form of the zips that Albumen sends: names that no system
// misreads, entries that are stored, and how long the whole becomes.
package archive

import (
	"path"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	// MaxName and MaxFolder are in bytes: with a few folders above it a name stays
	// within what Windows and other file systems take.
	MaxName   = 160
	MaxFolder = 80
)

// Name makes of a name, cut to about limit bytes, that is one harmless name on any system: no separators, no
// control characters, nothing that Windows reserves, never "." or "..", NFC.
func Name(name string, limit int) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "_"))
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r), r == unicode.ReplacementChar, unicode.In(r, unicode.Zl, unicode.Zp):
			return '_'
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return -1 // Cf holds the marks that turn the reading direction
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	ext := path.Ext(name)
	if len(ext) > 16 || ext == name {
		ext = ""
	}
	base := shorten(strings.TrimSuffix(name, ext), limit-len(ext))
	name = strings.Trim(norm.NFC.String(base+ext), " ")
	name = strings.TrimRight(name, ". ")
	if strings.HasPrefix(name, ".") { // hidden, or a way up
		name = "_" + name[1:]
	}
	if name == "" {
		return "file"
	}
	if reservedName(name) {
		name = "_" + name
	}
	return name
}

// shorten cuts s to at most n bytes, between characters.
func shorten(s string, n int) string {
	for len(s) > n {
		r := []rune(s)
		s = string(r[:len(r)-1-(len(s)-n)/4])
	}
	return s
}

// reservedName tells whether Windows takes the name for a device.
func reservedName(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimSpace(base))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, device := range []string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(base, device); ok && strings.ContainsAny(rest, "0123456789¹²³") && len([]rune(rest)) == 1 {
			return true
		}
	}
	return false
}

// Folder gives out the names in one folder, each once, whatever the case.
type Folder struct {
	path  string // with a slash at the end; "" at the top
	taken map[string]int
}

// NewFolder is the top of an archive, where the reserved names are not given out.
func NewFolder(reserved ...string) *Folder { return newFolder("", reserved...) }

// Folder is a new one inside, with a name like the wanted one.
func (f *Folder) Folder(wanted string) *Folder {
	return newFolder(f.path + f.free(wanted, MaxFolder) + "/")
}

// Name returns the whole path of a new file in the folder, whose name is like the
// wanted one.
func (f *Folder) Name(wanted string) string { return f.path + f.free(wanted, MaxName) }

// Like is the path that a file of that name would get if none had it.
func (f *Folder) Like(wanted string) string { return f.path + Name(wanted, MaxName) }

func newFolder(path string, reserved ...string) *Folder {
	f := &Folder{path: path, taken: map[string]int{}}
	for _, r := range reserved {
		f.taken[foldName(r)] = 1
	}
	return f
}

// foldName is equal for names that some file system takes for the same.
func foldName(s string) string { return norm.NFC.String(cases.Fold().String(s)) }

// free returns a name that nothing in the folder has.
func (f *Folder) free(wanted string, limit int) string {
	name := Name(wanted, limit)
	first := foldName(name)
	if f.taken[first] == 0 {
		f.taken[first] = 1
		return name
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for {
		f.taken[first]++
		next := base + " (" + strconv.Itoa(f.taken[first]) + ")" + ext
		if key := foldName(next); f.taken[key] == 0 {
			f.taken[key] = 1
			return next
		}
	}
}
