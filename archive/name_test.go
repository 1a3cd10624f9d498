package archive

import (
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"IMG_1.JPG": "IMG_1.JPG", "": "file", "..": "file", ".": "file", "../../etc/passwd": "_._.._etc_passwd", `C:\Windows\x.jpg`: "C__Windows_x.jpg",
		"/abs.jpg": "_abs.jpg", "CON": "_CON", "nul.jpg": "_nul.jpg", "com1": "_com1", "COM¹.txt": "_COM¹.txt", "COM10.txt": "COM10.txt",
		"a\x00b\n.jpg": "ab.jpg", "trailing. . ": "trailing", ".hidden": "_hidden", "cafe\u0301.jpg": "café.jpg",
		"evil\u202egpj.exe": "evilgpj.exe", "a<b>c|d?.jpg": "a_b_c_d_.jpg", "\xff.jpg": "_.jpg", "日本.png": "日本.png",
	} {
		if got := Name(in, MaxName); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
	long := Name(strings.Repeat("ä", 500)+".jpeg", MaxName)
	if len(long) > MaxName || !strings.HasSuffix(long, "ä.jpeg") {
		t.Errorf("a long name became %q", long)
	}
}

func TestFolder(t *testing.T) {
	f := NewFolder("NOT-INCLUDED.txt")
	var got []string
	for _, name := range []string{"a.jpg", "A.JPG", "a.jpg", "a (2).jpg", "not-included.TXT", "straße", "STRASSE", "cafe\u0301", "CAFÉ"} {
		got = append(got, f.Name(name))
	}
	want := []string{"a.jpg", "A (2).JPG", "a (3).jpg", "a (2) (2).jpg", "not-included (2).TXT", "straße", "STRASSE (2)", "café", "CAFÉ (2)"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func FuzzZipName(f *testing.F) {
	for _, seed := range []string{"a.jpg", "..", "C:\\x", "/etc/passwd", "con.jpg", "nul .txt", "a\x00", "\u202egpj", ". .", "e\u0301.", "\xff\xfe", strings.Repeat("é", 300), "a/../../b", "..\\..\\b", "COM¹", "．．／x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, limit := range []int{MaxFolder, MaxName} {
			name := Name(in, limit)
			switch {
			case name == "", name == ".", name == "..", len(name) > limit+1: // an underscore may be put in front
				t.Fatalf("%q became %q", in, name)
			case !utf8.ValidString(name), !norm.NFC.IsNormalString(name):
				t.Fatalf("%q became %q, which is not NFC", in, name)
			case strings.ContainsAny(name, `/\:*?"<>|`), strings.ContainsFunc(name, unicode.IsControl):
				t.Fatalf("%q became %q", in, name)
			case strings.Trim(name, " ") != name, strings.HasSuffix(name, "."), strings.HasPrefix(name, "."):
				t.Fatalf("%q became %q", in, name)
			case reservedName(name):
				t.Fatalf("%q became %q, which is a device", in, name)
			case path.Clean("/album/"+name) != "/album/"+name, path.IsAbs(name):
				t.Fatalf("%q became %q, which leads elsewhere", in, name)
			case Name(name, limit) != name && len(name) <= limit:
				t.Fatalf("%q became %q and then %q", in, name, Name(name, limit))
			}
		}
		folder := NewFolder()
		if a, b := folder.Name(in), folder.Name(strings.ToUpper(in)); foldName(a) == foldName(b) {
			t.Fatalf("%q twice: %q and %q", in, a, b)
		}
	})
}
