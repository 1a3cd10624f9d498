package clip

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fingerprintFile keeps a folder's fingerprint, so that a start need not read the
// weights twice.
const fingerprintFile = ".albumen-fingerprint.json"

// Fingerprint returns 12 hexadecimal digits that change with everything in the model
// folder that a vector depends on: config.json, preprocessor_config.json, the
// tokenizer (tokenizer.json, or vocab.json and merges.txt; special_tokens_map.json)
// and the weights. It is remembered in the folder, where that can be written, until
// the size or the time of one of these files changes. Errors are *FolderError.
func Fingerprint(dir string) (string, error) {
	files, err := fingerprinted(dir)
	if err != nil {
		return "", err
	}
	if known, ok := rememberedFingerprint(dir, files); ok {
		return known, nil
	}
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%s %d\n", f.Name, f.Size)
		if err := hashFile(sum, dir, f); err != nil {
			return "", err
		}
	}
	fingerprint := hex.EncodeToString(sum.Sum(nil)[:6])
	rememberFingerprint(dir, remembered{fingerprint, files})
	return fingerprint, nil
}

// fileState is how a file looks without reading it.
type fileState struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"` // nanoseconds since 1970
}

type remembered struct {
	Fingerprint string      `json:"fingerprint"`
	Files       []fileState `json:"files"`
}

// fingerprinted lists the files that count, in a fixed order.
func fingerprinted(dir string) (list []fileState, err error) {
	names := []string{configFile, preprocessorFile, tokenizerFile, specialFile, weightsFile}
	if _, err := os.Stat(filepath.Join(dir, tokenizerFile)); errors.Is(err, fs.ErrNotExist) {
		names = []string{configFile, preprocessorFile, vocabularyFile, mergesFile, specialFile, weightsFile}
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == specialFile:
			continue
		case err != nil:
			return nil, unreadable(name, err)
		case !info.Mode().IsRegular():
			return nil, &FolderError{File: name, Problem: "is not a file; download the whole model again"}
		}
		list = append(list, fileState{name, info.Size(), info.ModTime().UnixNano()})
	}
	return list, nil
}

func hashFile(sum hash.Hash, dir string, state fileState) error {
	f, err := os.Open(filepath.Join(dir, state.Name))
	if err != nil {
		return unreadable(state.Name, err)
	}
	defer f.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	if err != nil {
		return unreadable(state.Name, err)
	}
	if n != state.Size {
		return &FolderError{File: state.Name, Problem: "changes while it is read; try again when the download is complete"}
	}
	return nil
}

// rememberedFingerprint trusts the side file only if every file looks as it did.
func rememberedFingerprint(dir string, files []fileState) (string, bool) {
	text, err := os.ReadFile(filepath.Join(dir, fingerprintFile))
	if err != nil {
		return "", false
	}
	var r remembered
	if json.Unmarshal(text, &r) != nil || len(r.Fingerprint) != 12 || len(r.Files) != len(files) {
		return "", false
	}
	for i, f := range files {
		if r.Files[i] != f {
			return "", false
		}
	}
	return r.Fingerprint, true
}

// rememberFingerprint does its best: a folder that cannot be written, such as one
// mounted read-only, is read anew at every start.
func rememberFingerprint(dir string, r remembered) {
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	f, err := os.CreateTemp(dir, fingerprintFile+"-*")
	if err != nil {
		return
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, fingerprintFile))
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
