package app

import (
	"path"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxZipName and maxZipFolder are in bytes: with a few folders above it a
	// name stays within what Windows and other file systems take.
	maxZipName   = 160
	maxZipFolder = 80
)

// zipName makes a name that is one harmless name on any system: no separators, no
// control characters, nothing that Windows reserves, never "." or "..", NFC.
func zipName(name string, limit int) string {
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

// zipFolder gives out the names in one folder, each once, whatever the case.
type zipFolder struct {
	path  string // with a slash at the end; "" at the top
	taken map[string]int
}

func newZipFolder(path string, reserved ...string) *zipFolder {
	f := &zipFolder{path: path, taken: map[string]int{}}
	for _, r := range reserved {
		f.taken[foldName(r)] = 1
	}
	return f
}

// foldName is equal for names that some file system takes for the same.
func foldName(s string) string { return norm.NFC.String(cases.Fold().String(s)) }

// name returns a free name in the folder that is like the wanted one.
func (f *zipFolder) name(wanted string, limit int) string {
	name := zipName(wanted, limit)
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
