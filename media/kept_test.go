package media

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Files that are kept without pictures are looked into all the same.
func TestCheckKept(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, args := range map[string][]string{
		"clip.mp4":  {"-f", "lavfi", "-i", "testsrc=size=160x120:duration=1", "-c:v", "libx264"},
		"clip.webm": {"-f", "lavfi", "-i", "testsrc=size=160x120:duration=1", "-c:v", "libvpx"},
		"clip.avi":  {"-f", "lavfi", "-i", "testsrc=size=160x120:duration=1", "-c:v", "mpeg4"},
		"clip.mts":  {"-f", "lavfi", "-i", "testsrc=size=160x120:duration=1", "-c:v", "libx264", "-f", "mpegts"},
		"sound.mp4": {"-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", "-brand", "isom"},
	} {
		run(t, "ffmpeg", append(append([]string{"-v", "error", "-y"}, args...), in(name))...)
	}
	whole, err := os.ReadFile(in("clip.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	index := bytes.Index(whole, []byte("moov"))
	if index < 0 {
		t.Fatal("the clip has no index")
	}
	writeFile(t, in("cut.mp4"), whole[:index-4])
	writeFile(t, in("-i concat:x.mp4"), whole)

	for name, want := range map[string]string{
		"clip.mp4": "", "clip.webm": "", "clip.avi": "", "clip.mts": "", "-i concat:x.mp4": "",
		"cut.mp4": CodeBroken, "sound.mp4": CodeUnsupported,
	} {
		typ, err := sniffFile(t, in(name))
		if err != nil || typ.Decodable {
			t.Fatalf("%s: %v, %v", name, typ, err)
		}
		err = p.CheckKept(t.Context(), in(name), typ, nil)
		if want != "" {
			wantCode(t, err, want)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	dng := Type{MIME: "image/x-adobe-dng", Ext: "dng", Kind: KindPhoto}
	wantCode(t, p.CheckKept(t.Context(), in("clip.mp4"), dng, &Metadata{}), CodeBroken)
	if err := p.CheckKept(t.Context(), in("clip.mp4"), dng, &Metadata{Width: 4000, Height: 3000}); err != nil {
		t.Error(err)
	}
}
