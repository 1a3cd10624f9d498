// Package hub fetches CLIP models from Hugging Face's hub, or from a mirror with
// the same addresses, into folders that package clip reads.
//
// A download survives whatever ends it: what has come is kept beside the folder and
// continued. The folder itself appears at once and complete, with every checksum
// that the hub or our own list gives compared.
package hub

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// DefaultURL is the hub.
const DefaultURL = "https://huggingface.co"

// validID is what the hub allows as a name, with or without an organisation.
var validID = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,95}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// ValidID reports whether id can be the name of a model on the hub.
func ValidID(id string) bool {
	return validID.MatchString(id) && !strings.Contains(id, "..") && !strings.Contains(id, "--")
}

// Dir returns the folder below base in which the model id is kept. It fails, with an
// *Error of KindName, for what is no name.
func Dir(base, id string) (string, error) {
	if !ValidID(id) {
		return "", &Error{Kind: KindName, Model: id}
	}
	return filepath.Join(base, strings.ReplaceAll(id, "/", "--")), nil
}

// parseBase checks the address of a hub or mirror.
func parseBase(base string) (*url.URL, error) {
	if base == "" {
		base = DefaultURL
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return nil, &Error{Kind: KindAddress}
	}
	return u, nil
}

// fileURL is where a hub keeps a file.
func fileURL(base *url.URL, id, revision, name string) string {
	return base.JoinPath(id, "resolve", revision, name).String()
}
