package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"albumen/ml"
)

// fetch says how to get a model by hand.
func (s *ModelSource) fetch(context.Context, func(done, total int64)) error {
	return &Problem{Detail: ml.Detail{Code: ml.DetailOffline, Text: "The model " + s.name + " is not in " + s.folder +
		". Copy its folder there, or name another folder with CLIP_MODEL; docs/ml.md tells how."}}
}

func fingerprint(dir string) (string, error) {
	h := sha256.New()
	for _, name := range files {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		_, _ = io.WriteString(h, name+"\x00")
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}
