package media

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxFilenameBytes is the longest name that CorrectFilename returns: file
// systems allow 255, and an export adds counters and sidecar endings.
const MaxFilenameBytes = 200

// extensions lists the endings under which a type is known, by Type.Ext.
var extensions = map[string][]string{
	"jpg": {"jpg", "jpeg", "jpe", "jfif"}, "png": {"png", "apng"}, "gif": {"gif"}, "webp": {"webp"},
	"avif": {"avif", "avifs"}, "heic": {"heic", "heif", "hif", "heics", "heifs"}, "tif": {"tif", "tiff"},
	"jxl": {"jxl"}, "dng": {"dng"}, "cr2": {"cr2"}, "cr3": {"cr3"}, "crw": {"crw"}, "nef": {"nef", "nrw"},
	"arw": {"arw", "sr2", "srf"}, "rw2": {"rw2", "rwl", "raw"}, "orf": {"orf"}, "raf": {"raf"}, "x3f": {"x3f"},
	"pef": {"pef"}, "srw": {"srw"}, "3fr": {"3fr", "fff"}, "dcr": {"dcr", "k25", "kdc"}, "erf": {"erf"},
	"mp4": {"mp4", "m4v", "insv"}, "mov": {"mov", "qt"}, "3gp": {"3gp", "3g2", "3gpp"}, "webm": {"webm"}, "mkv": {"mkv"},
	"avi": {"avi"}, "mts": {"mts", "m2ts", "m2t", "ts"}, "mpg": {"mpg", "mpeg", "mpe", "vob"}, "wmv": {"wmv", "asf"},
	"flv": {"flv", "f4v"}, "ogv": {"ogv", "ogg"},
}

// replaceable are further endings that are certainly wrong for any accepted
// type. Others ("Sunset 5.30") are taken for a part of the name.
var replaceable = []string{"bmp", "ico", "psd", "svg", "htm", "html", "txt", "php", "js", "exe", "pdf", "zip", "bin", "dat", "tmp", "img", "jp2"}

// CorrectFilename makes a name safe to store and show, with an extension that
// fits the true type: "photo.jpg" that is PNG becomes "photo.png"; "IMG.JPEG"
// that is JPEG stays. Path parts, control and direction characters go; the
// result has at most MaxFilenameBytes bytes and is never empty.
func CorrectFilename(name string, t Type) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/")
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, path.Base(norm.NFC.String(name)))
	name = strings.Trim(name, " .")
	if name == "/" {
		name = ""
	}
	stem, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		stem, ext = name[:i], name[i+1:]
	} else if isKnownExtension(strings.ToLower(name)) {
		stem = "" // the name was nothing but an ending: ".jpg"
	}
	if lower := strings.ToLower(ext); !slices.Contains(extensions[t.Ext], lower) {
		if ext != "" && !isKnownExtension(lower) && !slices.Contains(replaceable, lower) {
			stem = name
		}
		ext = t.Ext
	}
	stem = strings.Trim(truncate(stem, MaxFilenameBytes-len(ext)-1), " .")
	if stem == "" {
		stem = string(t.Kind)
	}
	return stem + "." + ext
}

func isKnownExtension(lower string) bool {
	for _, list := range extensions {
		if slices.Contains(list, lower) {
			return true
		}
	}
	return false
}

// truncate cuts s to at most n bytes without splitting a rune.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
