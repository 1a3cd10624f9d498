package media

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// SniffLen is how much of a file Sniff looks at.
const SniffLen = 64 << 10

func photo(mime, ext string) Type {
	return Type{MIME: mime, Ext: ext, Kind: KindPhoto, Decodable: true}
}
func raw(mime, ext string) Type   { return Type{MIME: mime, Ext: ext, Kind: KindPhoto} }
func video(mime, ext string) Type { return Type{MIME: mime, Ext: ext, Kind: KindVideo} }

// Sniff decides the true type from the first bytes of a file (up to SniffLen;
// more are ignored). What is not kept comes back as a *RefusedError. The file's
// name plays no part.
func Sniff(head []byte) (Type, error) {
	if len(head) > SniffLen {
		head = head[:SniffLen]
	}
	if len(head) == 0 {
		return Type{}, &RefusedError{RefusedEmpty}
	}
	if t, ok := sniffImage(head); ok {
		return t, nil
	}
	if bytes.Contains(head, []byte("#EXTM3U")) {
		// A playlist in a container makes players read other files.
		return Type{}, &RefusedError{RefusedPlaylist}
	}
	if t, ok := sniffVideo(head); ok {
		return t, nil
	}
	if isBMFF(head) {
		return sniffBMFF(head)
	}
	return Type{}, &RefusedError{refusal(head)}
}

func sniffImage(b []byte) (Type, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return photo("image/jpeg", "jpg"), true
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return photo("image/png", "png"), true
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return photo("image/gif", "gif"), true
	case isRIFF(b, "WEBP"):
		return photo("image/webp", "webp"), true
	case bytes.HasPrefix(b, []byte("IIU\x00")):
		return raw("image/x-panasonic-rw2", "rw2"), true
	case bytes.HasPrefix(b, []byte("IIRO")), bytes.HasPrefix(b, []byte("IIRS")), bytes.HasPrefix(b, []byte("MMOR")):
		return raw("image/x-olympus-orf", "orf"), true
	case bytes.HasPrefix(b, []byte("FUJIFILMCCD-RAW")):
		return raw("image/x-fuji-raf", "raf"), true
	case bytes.HasPrefix(b, []byte("FOVb")):
		return raw("image/x-sigma-x3f", "x3f"), true
	case len(b) > 14 && string(b[6:14]) == "HEAPCCDR":
		return raw("image/x-canon-crw", "crw"), true
	case bytes.HasPrefix(b, []byte("\xff\x0a")), bytes.HasPrefix(b, []byte("\x00\x00\x00\x0cJXL \r\n\x87\n")):
		// libvips calls its JPEG XL loader untrusted, so it is kept undecoded.
		return raw("image/jxl", "jxl"), true
	}
	return sniffTIFF(b)
}

func sniffVideo(b []byte) (Type, bool) {
	switch {
	case isRIFF(b, "AVI "):
		return video("video/x-msvideo", "avi"), true
	case bytes.HasPrefix(b, []byte("\x1aE\xdf\xa3")):
		if bytes.Contains(b[:min(len(b), 4096)], []byte("webm")) {
			return video("video/webm", "webm"), true
		}
		return video("video/x-matroska", "mkv"), true
	case bytes.HasPrefix(b, []byte("\x00\x00\x01\xba")), bytes.HasPrefix(b, []byte("\x00\x00\x01\xb3")):
		return video("video/mpeg", "mpg"), true
	case bytes.HasPrefix(b, []byte("\x30\x26\xb2\x75\x8e\x66\xcf\x11")):
		return video("video/x-ms-wmv", "wmv"), true
	case bytes.HasPrefix(b, []byte("FLV\x01")):
		return video("video/x-flv", "flv"), true
	case bytes.HasPrefix(b, []byte("OggS")) && bytes.Contains(b[:min(len(b), 512)], []byte("\x80theora")):
		return video("video/ogg", "ogv"), true
	case isTransportStream(b, 188, 0), isTransportStream(b, 192, 4):
		return video("video/mp2t", "mts"), true
	}
	return Type{}, false
}

func isRIFF(b []byte, form string) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == form
}

// isTransportStream looks for the sync byte at the start of five packets.
func isTransportStream(b []byte, packet, offset int) bool {
	if len(b) < offset+4*packet+1 {
		return false
	}
	for i := range 5 {
		if b[offset+i*packet] != 0x47 {
			return false
		}
	}
	return true
}

// refusal names the reason for content that is none of the accepted types.
func refusal(b []byte) string {
	if r := refusalOfText(b); r != "" {
		return r
	}
	if bytes.HasPrefix(b, []byte("ID3")) {
		return RefusedAudio
	}
	for m := mimetype.Detect(b); m != nil; m = m.Parent() {
		mime, _, _ := strings.Cut(m.String(), ";")
		switch {
		case mime == "application/pdf":
			return RefusedPDF
		case strings.HasPrefix(mime, "audio/"), mime == "application/ogg":
			return RefusedAudio
		case strings.HasPrefix(mime, "image/"):
			return RefusedImageType
		case archiveTypes[mime]:
			return RefusedArchive
		case strings.HasPrefix(mime, "application/vnd.openxmlformats"), strings.HasPrefix(mime, "application/vnd.oasis"),
			mime == "application/msword", mime == "application/x-ole-storage", mime == "application/postscript", mime == "application/epub+zip":
			return RefusedDocument
		case mime == "application/vnd.microsoft.portable-executable", strings.HasPrefix(mime, "application/x-elf"),
			strings.HasPrefix(mime, "application/x-executable"), strings.HasPrefix(mime, "application/x-mach-binary"),
			mime == "application/x-sharedlib", mime == "application/x-object", mime == "application/wasm", mime == "application/x-java-applet":
			return RefusedExecutable
		case strings.HasPrefix(mime, "text/"):
			return RefusedText
		}
	}
	return RefusedUnknown
}

var archiveTypes = map[string]bool{
	"application/zip": true, "application/gzip": true, "application/x-7z-compressed": true, "application/x-tar": true,
	"application/x-rar-compressed": true, "application/x-bzip2": true, "application/x-xz": true, "application/zstd": true,
	"application/jar": true, "application/x-archive": true, "application/vnd.rar": true, "application/x-iso9660-image": true,
}

// refusalOfText recognises markup and scripts, also behind a byte order mark,
// white space or UTF-16. "" means that b is not such text.
func refusalOfText(b []byte) string {
	s := strings.ToLower(string(plainText(b[:min(len(b), 8192)])))
	s = strings.TrimLeft(s, " \t\r\n\f\x00")
	for strings.HasPrefix(s, "<!--") { // comments may hide what follows
		_, rest, found := strings.Cut(s, "-->")
		if !found {
			return RefusedHTML
		}
		s = strings.TrimLeft(rest, " \t\r\n\f\x00")
	}
	switch {
	case strings.HasPrefix(s, "#!"), strings.HasPrefix(s, "<?php"), strings.HasPrefix(s, "<?="), strings.HasPrefix(s, "<%"):
		return RefusedScript
	case strings.HasPrefix(s, "#extm3u"), strings.HasPrefix(s, "[playlist]"), strings.HasPrefix(s, "ffconcat"):
		return RefusedPlaylist
	case strings.HasPrefix(s, "%!ps"):
		return RefusedDocument
	case strings.HasPrefix(s, "qoif"), len(s) > 2 && s[0] == 'p' && s[1] >= '1' && s[1] <= '7' && strings.ContainsAny(s[2:3], " \t\r\n"):
		return RefusedImageType // QOI, PNM
	case !strings.HasPrefix(s, "<"):
		return ""
	case strings.Contains(s, "<svg"):
		return RefusedSVG
	case strings.Contains(s, "<x:xmpmeta"), strings.HasPrefix(s, "<?xpacket"), strings.Contains(s, "<rdf:rdf"):
		return RefusedSidecar
	case strings.HasPrefix(s, "<?xml"):
		if strings.Contains(s, "<html") || strings.Contains(s, "<script") {
			return RefusedHTML
		}
		return RefusedText
	case len(s) > 1 && (s[1] == '!' || s[1] >= 'a' && s[1] <= 'z'):
		return RefusedHTML
	}
	return ""
}

// plainText removes a byte order mark and folds UTF-16 to its low bytes, which
// is enough to recognise ASCII markup.
func plainText(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return b
	}
	out := make([]byte, 0, len(b)/2)
	for i := 2; i+1 < len(b); i += 2 {
		u := order.Uint16(b[i:])
		if u > 0x7f {
			u = '?'
		}
		out = append(out, byte(u))
	}
	return out
}
