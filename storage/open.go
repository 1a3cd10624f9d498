package storage

import (
	"fmt"
	"net/url"
	"path/filepath"
)

// Open returns the store at address, which is file:///absolute/folder; the
// folder is made where it is missing.
func Open(address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read the storage address: %w", err)
	}
	if u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path) {
		return nil, fmt.Errorf("storage address %q is not file:///absolute/folder", address)
	}
	return openFolder(u.Path)
}
