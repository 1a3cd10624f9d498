package media

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// nowhere are the files whose position is exactly 0, 0. That is what devices
// and tools write that have no fix, so it is no position for Albumen.
var nowhere = []string{
	"AOMediaCodec+libavif__tests+data+paris_exif_xmp_icc.jpg",
	"AOMediaCodec+libavif__tests+data+paris_exif_xmp_modified_icc.jpg",
	"AOMediaCodec+libavif__tests+data+paris_icc_exif_xmp.avif",
	"AOMediaCodec+libavif__tests+data+paris_icc_exif_xmp.png",
	"AOMediaCodec+libavif__tests+data+paris_icc_exif_xmp_at_end.png",
	"drewnoakes+metadata-extractor-images__jpg+Samsung GT-I9000 (Galaxy S).jpg",
}

// dateTags are the tags in the order in which a date is believed.
var dateTags = []string{"ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate", "XMP-exif:DateTimeOriginal", "XMP-exif:DateTimeDigitized", "XMP-xmp:CreateDate",
	"XMP-photoshop:DateCreated", "Composite:DateTimeCreated", "Keys:CreationDate", "UserData:DateTimeOriginal", "H264:DateTimeOriginal", "RIFF:DateTimeOriginal",
	"QuickTime:CreateDate", "Track1:TrackCreateDate", "Matroska:DateTimeOriginal", "ASF:CreationDate", "IFD0:ModifyDate"}

// TestCorpusMetadata compares date, offset and position of every accepted file
// with what one plain run of exiftool says of all of them.
func TestCorpusMetadata(t *testing.T) {
	dir := corpusDir(t)
	if dir == "" {
		return
	}
	p := newTestProcessor(t)
	var paths []string
	for _, name := range corpusFiles(t, dir) {
		path := filepath.Join(dir, name)
		if _, err := sniffFile(t, path); err == nil {
			paths = append(paths, path)
		}
	}
	cmd := exec.Command("exiftool", append([]string{"-json", "-n", "-G1", "-a", "-charset", "filename=utf8"}, paths...)...)
	cmd.Env = append(cmd.Environ(), "TZ=UTC")
	out, err := cmd.Output()
	if len(out) == 0 {
		t.Fatalf("exiftool: %v", err) // it exits with 1 for files that it calls broken
	}
	var all []map[string]any
	d := json.NewDecoder(strings.NewReader(string(out)))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all) != len(paths) {
		t.Fatalf("exiftool answered for %d of %d files", len(all), len(paths))
	}
	dates, offsets, places := 0, 0, 0
	for _, want := range all {
		path := want["SourceFile"].(string)
		name := filepath.Base(path)
		got, err := p.Metadata(context.Background(), path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tag, date := firstDate(want)
		shown := ""
		if !got.TakenAtLocal.IsZero() {
			shown = got.TakenAtLocal.Format("2006:01:02 15:04:05")
			dates++
		}
		if shown != date {
			t.Errorf("%s: date %q, exiftool says %q (%s)", name, shown, date, tag)
		}
		if offset, ok := want["ExifIFD:OffsetTimeOriginal"].(string); ok && tag == "ExifIFD:DateTimeOriginal" && parseOffset(offset) != nil {
			offsets++
			if got.TakenAtSource != SourceEXIFOffset || *got.OffsetMinutes != *parseOffset(offset) {
				t.Errorf("%s: offset %d (%s), exiftool says %s", name, *got.OffsetMinutes, got.TakenAtSource, offset)
			}
		}
		if jsonNumber(want, "Composite:GPSLatitude") != "" && jsonNumber(want, "Composite:GPSLongitude") != "" {
			places++
			if slices.Contains(nowhere, name) {
				if got.Latitude != nil {
					t.Errorf("%s: position %v %v, want none", name, *got.Latitude, *got.Longitude)
				}
			} else if got.Latitude == nil {
				t.Errorf("%s: no position, exiftool says %v %v", name, want["Composite:GPSLatitude"], want["Composite:GPSLongitude"])
			} else if text64(*got.Latitude) != jsonNumber(want, "Composite:GPSLatitude") || text64(*got.Longitude) != jsonNumber(want, "Composite:GPSLongitude") {
				t.Errorf("%s: position %v %v, exiftool says %v %v", name, *got.Latitude, *got.Longitude, want["Composite:GPSLatitude"], want["Composite:GPSLongitude"])
			}
		} else if got.Latitude != nil {
			t.Errorf("%s: position %v, exiftool has none", name, *got.Latitude)
		}
		if v := jsonNumber(want, "Composite:GPSAltitude"); v != "" && got.Latitude != nil && (got.Altitude == nil || text64(*got.Altitude) != v) {
			t.Errorf("%s: altitude differs from %s", name, v)
		}
	}
	t.Logf("%d files: %d dates, %d offsets, %d positions", len(all), dates, offsets, places)
	if dates < 150 || offsets < 10 || places < 20 {
		t.Errorf("too few to prove anything")
	}
}

// firstDate finds the date by text alone: the first tag that does not look
// empty. It knows nothing of how Metadata parses.
func firstDate(tags map[string]any) (tag, date string) {
	for _, tag := range dateTags {
		v, _ := tags[tag].(string)
		// Hostile files hold script and binary noise where a date should be.
		if len(v) < 10 || strings.HasPrefix(v, "0000") || strings.Trim(v[:4], "0123456789") != "" || strings.HasPrefix(v, "1904:01:01 00:00:00") ||
			strings.HasPrefix(v, "1970:01:01 00:00:00") {
			continue
		}
		if len(v) == 10 {
			v += " 00:00:00"
		}
		if len(v) == 16 || len(v) > 16 && v[16] != ':' {
			v = v[:16] + ":00"
		}
		return tag, strings.Replace(v[:19], "T", " ", 1)
	}
	return "", ""
}

func jsonNumber(tags map[string]any, key string) string {
	n, ok := tags[key].(json.Number)
	if !ok {
		return ""
	}
	f, err := n.Float64()
	if err != nil {
		return ""
	}
	return text64(f)
}

func text64(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
