package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"albumen/media/internal/vips"
)

// harmlessTags are what exiftool may still say of a stripped copy: what it works
// out itself, how the picture is coded, its profile, orientation and resolution.
var harmlessTags = regexp.MustCompile(`^(SourceFile$|(ExifTool|System|File|Composite|ICC[-_].*|JFIF|Adobe|GIF|NETSCAPE2.0|RIFF|Jpeg2000|` +
	`PNG|PNG-pHYs|PNG-cICP|H264|MPEG|M2TS|Track\d+|QuickTime|Matroska|ASF|Flash|Vorbis|Theora|Ogg|Opus|Meta|Ducky|AVIF|AC3|AAC|Info|JFXX|Canon|):)`)

// harmfulNames are parts of the names of tags that a stripped copy must not have
// in any group but those of the file system, the profile and exiftool itself.
var harmfulNames = regexp.MustCompile(`(?i)gps|serial|owner|artist|author|creator$|copyright|byline|comment|thumb|preview|makernote|keyword|title|model|make$|` +
	`software|firmware|location|latitude|longitude|exif|xmp|iptc|photoshop|trailer|description|datetime|caption|uniqueid|contentid|embedded`)

// tagsLeft returns what identifies somebody in the file at path, as exiftool, kept
// open for all files, tells it.
func tagsLeft(t *testing.T, exif *exiftool, path string) []string {
	t.Helper()
	// -ee looks into what is embedded, -u at what has no name.
	out, err := exif.run(t.Context(), path, "-j", "-G1", "-a", "-u", "-ee", "-api", "largefilesupport=1")
	var tags []map[string]any
	if e := json.Unmarshal(out, &tags); e != nil || len(tags) != 1 {
		t.Fatalf("exiftool %s: %v, %v\n%s", path, err, e, out)
	}
	var left []string
	for tag, v := range tags[0] {
		group, name, _ := strings.Cut(tag, ":")
		ifd := strings.HasPrefix(group, "IFD") || strings.HasPrefix(group, "SubIFD")
		switch {
		case ifd && tiffKeptTags[name]:
		case ifd || !harmlessTags.MatchString(tag):
			left = append(left, tag)
		case strings.HasPrefix(group, "ICC"), group == "System", group == "ExifTool":
		case tag == "File:ExifByteOrder": // of the orientation
		case name == "HandlerDescription" && (v == "VideoHandler" || v == "SoundHandler" || v == "DataHandler"): // ffmpeg's own
		case tag == "QuickTime:PreviewTime", tag == "QuickTime:PreviewDuration", name == "SampleGroupDescription": // numbers of the format
		case harmfulNames.MatchString(name):
			left = append(left, tag)
		case strings.Contains(name, "Date"):
			if s, ok := v.(string); !ok || !strings.HasPrefix(s, "0000:00:00") {
				left = append(left, tag)
			}
		}
	}
	return left
}

// samePixels compares two pictures as a browser shows them.
func samePixels(t *testing.T, a, b string, heif bool) bool {
	t.Helper()
	var got [2][]byte
	var size [2][2]int
	for i, path := range []string{a, b} {
		h, err := vips.ReadHeader(path, heif, false)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return false
		}
		im, err := vips.Open(path, vips.Options{Edge: max(h.Width, h.Height), HEIF: heif, Profile: h.Profile})
		if err != nil && h.Profile {
			im, err = vips.Open(path, vips.Options{Edge: max(h.Width, h.Height), HEIF: heif})
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return false
		}
		size[i][0], size[i][1], got[i], err = im.Pixels()
		im.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return size[0] == size[1] && bytes.Equal(got[0], got[1])
}

// framesOf is a checksum of every decoded picture of a video.
func framesOf(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "fatal", "-i", path, "-map", "0:V:0", "-fps_mode", "passthrough", "-f", "hash", "-hash", "md5", "-").Output()
	if err != nil {
		t.Logf("decode %s: %v", path, err) // nobody can: equal for both
		return ""
	}
	return string(out)
}

// TestStripCorpus strips real files of every kind, the first twelve of each:
// nothing that identifies is left, and the pixels stay.
func TestStripCorpus(t *testing.T) {
	dir := corpusDir(t)
	if dir == "" {
		return
	}
	p := newTestProcessor(t)
	exif := newExiftool("exiftool", 2)
	t.Cleanup(func() { exif.close() })
	var mu sync.Mutex
	count, chosen := map[string]map[string]int{}, map[string]int{}
	table := readCorpusTable(t)
	t.Run("files", func(t *testing.T) { // ends when all of them have ended
		for _, name := range corpusFiles(t, dir) {
			path := filepath.Join(dir, name)
			typ, err := sniffFile(t, path)
			if err != nil || chosen[typ.Ext] >= 12 || strings.HasPrefix(table[name].outcome, "failed") {
				continue
			}
			chosen[typ.Ext]++
			t.Run(typ.Ext+"/"+name, func(t *testing.T) {
				t.Parallel()
				became := stripOne(t, p, exif, path, typ)
				mu.Lock()
				defer mu.Unlock()
				if count[typ.Ext] == nil {
					count[typ.Ext] = map[string]int{}
				}
				count[typ.Ext][became]++
			})
		}
	})
	t.Logf("what became of them: %v", count)
}

// stripOne strips one file, looks at the copy, and says what became of it: kept,
// rendered, refused or broken.
func stripOne(t *testing.T, p *Processor, exif *exiftool, path string, typ Type) string {
	to := filepath.Join(t.TempDir(), "copy."+typ.Ext)
	s, err := p.Strip(t.Context(), path, typ, to)
	if failure, ok := errors.AsType[*ProcessError](err); ok {
		if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
			t.Error("failed, and yet there is a copy")
		}
		t.Log(failure)
		return "refused"
	}
	if err != nil {
		t.Error(err)
		return "broken"
	}
	if now, err := sniffFile(t, to); err != nil || now != s.Type {
		t.Errorf("the copy is %v (%v), said to be %v", now, err, s.Type)
	}
	if left := tagsLeft(t, exif, to); len(left) > 0 {
		t.Errorf("left in the copy: %v", left)
	}
	switch {
	case s.Rendered:
		return "rendered"
	case typ.Kind == KindVideo:
		if a, b := framesOf(t, path), framesOf(t, to); a != b {
			t.Error("the copy shows other frames")
		}
	case typ.Decodable && decodes(p, t.Context(), path, typ):
		if !samePixels(t, path, to, typ.Ext == "heic" || typ.Ext == "avif") {
			t.Error("other pixels")
		}
	}
	return "kept"
}

func decodes(p *Processor, ctx context.Context, path string, typ Type) bool {
	_, err := p.Still(ctx, path, typ)
	return err == nil
}
