package media

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSniffAccepts(t *testing.T) {
	ftyp := func(brands string) string { return "\x00\x00\x00" + string(rune(8+len(brands))) + "ftyp" + brands }
	ts := strings.Repeat("G"+strings.Repeat("\x00", 187), 6)
	for head, want := range map[string]Type{
		"\xff\xd8\xff\xe0":                              photo("image/jpeg", "jpg"),
		"\x89PNG\r\n\x1a\n":                             photo("image/png", "png"),
		"GIF89a":                                        photo("image/gif", "gif"),
		"RIFF\x00\x00\x00\x00WEBPVP8 ":                  photo("image/webp", "webp"),
		"II*\x00\x08\x00\x00\x00":                       photo("image/tiff", "tif"),
		"MM\x00+\x00\x08\x00\x00":                       photo("image/tiff", "tif"),
		ftyp("heic\x00\x00\x00\x00mif1heic"):            photo("image/heic", "heic"),
		ftyp("heix\x00\x00\x00\x00mif1heix"):            photo("image/heic", "heic"),
		ftyp("mif1\x00\x00\x00\x00mif1avif"):            photo("image/avif", "avif"),
		ftyp("avis\x00\x00\x00\x00avifavis"):            photo("image/avif", "avif"),
		ftyp("crx \x00\x00\x00\x01crx isom"):            raw("image/x-canon-cr3", "cr3"),
		"II*\x00\x10\x00\x00\x00CR\x02\x00":             raw("image/x-canon-cr2", "cr2"),
		"IIU\x00\x18\x00\x00\x00":                       raw("image/x-panasonic-rw2", "rw2"),
		"\xff\x0a\xfa\x1f":                              raw("image/jxl", "jxl"),
		ftyp("isom\x00\x00\x02\x00isomiso2avc1mp41"):    video("video/mp4", "mp4"),
		ftyp("qt  \x00\x00\x00\x00qt  "):                video("video/quicktime", "mov"),
		ftyp("3gp4\x00\x00\x00\x003gp4"):                video("video/3gpp", "3gp"),
		"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat":      video("video/quicktime", "mov"),
		"\x1aE\xdf\xa3\x01\x00\x42\x82\x84webm":         video("video/webm", "webm"),
		"\x1aE\xdf\xa3\x01\x00\x42\x82\x88matroska":     video("video/x-matroska", "mkv"),
		"RIFF\x00\x00\x00\x00AVI LIST":                  video("video/x-msvideo", "avi"),
		ts:                                              video("video/mp2t", "mts"),
		"\x00\x00\x01\xba\x44":                          video("video/mpeg", "mpg"),
		"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00a": video("video/x-ms-wmv", "wmv"),
	} {
		got, err := Sniff([]byte(head))
		if err != nil || got != want {
			t.Errorf("%.24q: got %+v, %v; want %+v", head, got, err, want)
		}
	}
}

func TestSniffRefuses(t *testing.T) {
	utf16 := []byte("\xff\xfe")
	for _, r := range "<html>" {
		utf16 = append(utf16, byte(r), 0)
	}
	for head, want := range map[string]string{
		"":                                RefusedEmpty,
		"<svg xmlns='http://www.w3.org'>": RefusedSVG,
		"<?xml version='1.0'?>\n<!-- a -->\n<SVG>": RefusedSVG,
		"\xef\xbb\xbf  <!DOCTYPE html><html>":      RefusedHTML,
		"<!-- <svg> --><script>alert(1)</script>":  RefusedHTML,
		string(utf16):                        RefusedHTML,
		"#!/bin/sh\nrm -rf":                  RefusedScript,
		"<?php phpinfo();":                   RefusedScript,
		"PK\x03\x04\x14\x00\x00\x00\x08\x00": RefusedArchive,
		"7z\xbc\xaf\x27\x1c":                 RefusedArchive,
		"\x1f\x8b\x08\x00\x00":               RefusedArchive,
		"%PDF-1.7\n":                         RefusedPDF,
		"%!PS-Adobe-3.0":                     RefusedDocument,
		"ID3\x03\x00\x00\x00":                RefusedAudio,
		"OggS\x00\x02" + strings.Repeat("\x00", 22) + "\x01vorbis":                                                           RefusedAudio,
		"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0":                                                                                   RefusedPlaylist,
		"RIFF\x00\x00\x00\x00AVI LIST" + "GAB2 #EXTM3U file:///etc/passwd":                                                   RefusedPlaylist,
		"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42":                                                                   RefusedAudio,
		"<x:xmpmeta xmlns:x='adobe:ns:meta/'>":                                                                               RefusedSidecar,
		"BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00": RefusedImageType,
		"8BPS\x00\x01":                      RefusedImageType,
		"P6\n128 128\n255\n":                RefusedImageType,
		"\x7fELF\x02\x01\x01":               RefusedExecutable,
		"Dear diary, today":                 RefusedText,
		"push graphic-context\nviewbox 0 0": RefusedText,
		"\x01\x02\x03\x04\x05\x06\x07\x08":  RefusedUnknown,
	} {
		_, err := Sniff([]byte(head))
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Reason != want {
			t.Errorf("%.40q: got %v, want %s", head, err, want)
		}
	}
}

func TestCorrectFilename(t *testing.T) {
	jpg, png, heic := photo("image/jpeg", "jpg"), photo("image/png", "png"), photo("image/heic", "heic")
	for _, c := range []struct {
		name string
		typ  Type
		want string
	}{
		{"photo.jpg", png, "photo.png"},
		{"IMG_0001.JPEG", jpg, "IMG_0001.JPEG"},
		{"IMG_0001.HEIC", jpg, "IMG_0001.jpg"},
		{"scan.heif", heic, "scan.heif"},
		{"evil.php", jpg, "evil.jpg"},
		{"page.html", png, "page.png"},
		{"Sunset 5.30", jpg, "Sunset 5.30.jpg"},
		{"noextension", jpg, "noextension.jpg"},
		{"../../etc/passwd", jpg, "passwd.jpg"},
		{`C:\Users\me\photo.jpg`, jpg, "photo.jpg"},
		{".jpg", jpg, "photo.jpg"},
		{"...", jpg, "photo.jpg"},
		{"", png, "photo.png"},
		{"/", png, "photo.png"},
		{"a\x00b\nc\u202egpj.exe", png, "abcgpj.png"},
		{"bad\xff.jpg", jpg, "bad_.jpg"},
		{"cafe\u0301.jpg", jpg, "caf\u00e9.jpg"},
		{"clip.avi", video("video/mp4", "mp4"), "clip.mp4"},
	} {
		if got := CorrectFilename(c.name, c.typ); got != c.want {
			t.Errorf("%q as %s: got %q, want %q", c.name, c.typ.Ext, got, c.want)
		}
	}
	long := CorrectFilename(strings.Repeat("ü", 300)+".jpeg", jpg)
	if len(long) > MaxFilenameBytes || !utf8.ValidString(long) || !strings.HasSuffix(long, ".jpeg") {
		t.Errorf("long name became %d bytes: %q", len(long), long)
	}
}

func FuzzSniff(f *testing.F) {
	for _, seed := range []string{"", "\xff\xd8\xff", "II*\x00\x08\x00\x00\x00\x01\x00\x0f\x01\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x00\x00\x00\x10ftypavif\x00\x00\x00\x00", "<!--", "\xff\xfe<\x00", "RIFF\x00\x00\x00\x00WEBPVP8X", "\xff\xff\xff\xffskip"} {
		f.Add([]byte(seed), "photo.jpg")
	}
	f.Fuzz(func(t *testing.T, head []byte, name string) {
		typ, err := Sniff(head)
		var refused *RefusedError
		if err != nil && (!errors.As(err, &refused) || refused.Reason == "" || typ != Type{}) {
			t.Fatalf("type %+v with error %v", typ, err)
		}
		if err != nil {
			return
		}
		claimsOf(head, typ)
		got := CorrectFilename(name, typ)
		if got == "" || len(got) > MaxFilenameBytes || strings.ContainsAny(got, "/\\\x00\n") || !utf8.ValidString(got) {
			t.Fatalf("%q became %q", name, got)
		}
		if again := CorrectFilename(got, typ); again != got {
			t.Fatalf("%q is corrected again to %q", got, again)
		}
		if bytes.Contains(head, []byte("#EXTM3U")) && typ.Kind == KindVideo {
			t.Fatal("a playlist is taken for a video")
		}
	})
}
