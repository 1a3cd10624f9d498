package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzArchive writes files of hostile names, in folders of hostile names, taken at
// any time. What is read back must be as long as announced, stay inside, have each
// name once whatever the case, and say the same time.
func FuzzArchive(f *testing.F) {
	f.Add("a.jpg\na.jpg\nA.JPG", "album\nalbum\n..", int64(1720000000), uint8(2), false)
	f.Add("../../etc/passwd\n/etc/passwd\nC:\\x\n\\\\host\\share", "..\n../..\n/", int64(-500000000), uint8(0), true)
	f.Add("CON\nnul.jpg\naux.\n . \n", "con\n\x00\n\u202e", int64(1<<31), uint8(14), false)
	f.Add("not-included.txt\nNOT-INCLUDED.TXT", "Not-Included.txt", int64(-62135596800), uint8(255), true)
	f.Add("straße\nSTRASSE\ne\u0301\n\u00e9\nﬀ\nff\nK\nK", "İ\ni̇", int64(253402300799), uint8(100), false)
	f.Fuzz(func(t *testing.T, files, folders string, taken int64, quarters uint8, descriptor bool) {
		if len(files)+len(folders) > 4096 {
			return
		}
		if taken < -1<<36 || taken > 1<<38 { // years 0 to about 9,000
			return
		}
		at := time.Unix(taken, 0).In(time.FixedZone("", (int(quarters)%113-48)*15*60))
		list := []*Folder{NewFolder("NOT-INCLUDED.txt")}
		for i, title := range strings.Split(folders, "\n") {
			list = append(list, list[i/2].Folder(title))
		}
		var out bytes.Buffer
		var size Size
		z := zip.NewWriter(&out)
		for i, name := range strings.Split(files, "\n") {
			for _, folder := range []*Folder{list[0], list[i%len(list)]} {
				content := []byte(strings.Repeat("x", i))
				h := Header(folder.Name(name), at)
				size.Add(h, int64(len(content)), descriptor)
				create := z.CreateHeader
				if !descriptor {
					h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE(content), uint64(len(content)), uint64(len(content))
					create = z.CreateRaw
				}
				w, err := create(h)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.Write(content); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if int64(out.Len()) != size.Total() {
			t.Fatalf("%d bytes, announced %d", out.Len(), size.Total())
		}
		r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, entry := range r.File {
			checkPath(t, entry.Name, seen)
			if _, err := r.Open(entry.Name); err != nil {
				t.Fatalf("%q: %v", entry.Name, err)
			}
			if x := entry.Extra; at.Unix() == int64(int32(at.Unix())) && // signed, though archive/zip reads it without a sign
				(len(x) != 9 || int64(int32(binary.LittleEndian.Uint32(x[5:]))) != at.Unix()) {
				t.Fatalf("taken %v, says %x", at, x)
			}
			if y := at.Year(); y >= 1980 && y <= 2107 {
				checkClock(t, entry, at)
			}
		}
	})
}

// checkPath wants a path that stays inside and of which no part was a file before.
func checkPath(t *testing.T, name string, seen map[string]bool) {
	t.Helper()
	if !filepath.IsLocal(name) || strings.Contains(name, `\`) || filepath.Clean(name) != name {
		t.Fatalf("%q leads elsewhere", name)
	}
	if key := foldName(name); seen[key] || key == foldName("NOT-INCLUDED.txt") {
		t.Fatalf("%q is there twice", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || reservedName(part) {
			t.Fatalf("%q holds %q", name, part)
		}
	}
	seen[foldName(name)] = true
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		if seen[foldName(dir)] {
			t.Fatalf("%q lies in a file", name)
		}
	}
}

// checkClock wants the old date to be what a clock showed then and there.
func checkClock(t *testing.T, entry *zip.File, at time.Time) {
	t.Helper()
	date, clock := int(entry.ModifiedDate), int(entry.ModifiedTime)
	got := time.Date(date>>9+1980, time.Month(date>>5&15), date&31, clock>>11, clock>>5&63, clock&31*2, 0, at.Location())
	if d := at.Sub(got); d < 0 || d >= 2*time.Second {
		t.Fatalf("taken %v, the clock says %v", at, got)
	}
}
