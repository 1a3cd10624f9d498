package handlers

import (
	"encoding/base64"
	"testing"
	"time"

	tusd "github.com/tus/tusd/v2/pkg/handler"
)

// Whatever a client writes into Upload-Metadata, the answer is an upload that
// can be checked or a refusal that names the field.
func FuzzTusMetadata(f *testing.F) {
	pair := func(name, value string) string { return name + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
	for _, seed := range []string{
		"", ",", "filename", "filename !!", pair("filename", "../../etc/passwd") + "," + pair("album_id", "x"),
		pair("lastModified", "-1"), pair("lastModified", "99999999999999999999"), pair("name", "\x00\xff") + ",filetype x y z",
		pair("filename", "a.jpg") + "," + pair("lastModified", "1600000000000") + "," + pair("album_id", "0198c3f2-7b1e-7c3a-9d2e-0123456789ab"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		meta := tusd.ParseMetadataHeader(header)
		n, err := newUploadOf(meta, 10)
		if err != nil {
			if meta["album_id"] == "" {
				t.Errorf("refused without an album: %v", err)
			}
			return
		}
		if n.Bytes != 10 || n.Filename != meta["filename"] && n.Filename != meta["name"] {
			t.Errorf("%+v from %q", n, meta)
		}
		if n.Modified != nil && (n.Modified.Before(time.Unix(0, 0)) || n.Modified.UTC().Year() > 9999) {
			t.Errorf("modified %v", n.Modified)
		}
	})
}
