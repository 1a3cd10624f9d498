package app

import "sync/atomic"

// CountComparisons counts the passwords that a compares from now on.
func CountComparisons(a *App) *atomic.Int64 {
	n, compare := &atomic.Int64{}, a.passwords.compare
	a.passwords.compare = func(hash, password []byte) error {
		n.Add(1)
		return compare(hash, password)
	}
	return n
}

// UseBreachedPasswords lets a look into the list at path.
func UseBreachedPasswords(a *App, path string) { a.breached = breachedPasswords{path} }

// IsBreached looks into the list at path.
func IsBreached(path, password string) (bool, error) { return breachedPasswords{path}.has(password) }
