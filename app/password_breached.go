package app

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // what published lists are made of; it protects nothing here
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// breachedPasswords is a file with the SHA-1 hashes, in hexadecimal, of
// passwords that are known to have leaked: one a line, sorted, possibly cut
// short to a prefix, possibly followed by a colon and a count, as published
// lists are. It is searched where it lies, however large it is; nothing is
// asked over the network.
type breachedPasswords struct {
	path string // "": there is none
}

const (
	minHashPrefix  = 8  // hexadecimal digits; shorter ones would refuse good passwords
	maxHashLine    = 64 // bytes
	breachedWindow = 2 * maxHashLine
)

// has reports whether the password is listed; false where there is no list.
func (b breachedPasswords) has(password string) (bool, error) {
	if b.path == "" {
		return false, nil
	}
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open the list of breached passwords: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("open the list of breached passwords: %w", err)
	}
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see above
	found, err := searchHashes(f, info.Size(), strings.ToUpper(hex.EncodeToString(sum[:])))
	if err != nil {
		return false, fmt.Errorf("search the list of breached passwords %s: %w", b.path, err)
	}
	return found, nil
}

// searchHashes looks for a line with the hash, or with a prefix of it, between
// two bounds that each step brings closer.
func searchHashes(r io.ReaderAt, size int64, hash string) (bool, error) {
	low, high := int64(0), size // where the line begins, if there is one
	for low < high {
		middle := low + (high-low)/2
		start, line, err := lineFrom(r, middle, size)
		if err != nil {
			return false, err
		}
		if start >= high {
			high = middle
			continue
		}
		listed, _, _ := strings.Cut(strings.ToUpper(strings.TrimRight(line, "\r\n")), ":")
		if len(listed) < minHashPrefix || len(listed) > len(hash) {
			return false, fmt.Errorf("byte %d begins no hash: the file must be sorted lines of SHA-1 hashes", start)
		}
		switch strings.Compare(hash[:len(listed)], listed) {
		case 0:
			return true, nil
		case -1:
			high = middle
		default:
			low = start + int64(len(line))
		}
	}
	return false, nil
}

// lineFrom reads the first line that begins at or after the offset, with its
// line feed; at the end of the file it is empty and begins there.
func lineFrom(r io.ReaderAt, offset, size int64) (start int64, line string, err error) {
	from := max(0, offset-1) // a line begins at the offset where a line feed stands before it
	in := bufio.NewReaderSize(io.NewSectionReader(r, from, breachedWindow), breachedWindow)
	start = from
	if offset > 0 {
		rest, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			if from+int64(len(rest)) < size {
				return 0, "", fmt.Errorf("the line at byte %d is too long", from)
			}
			return size, "", nil
		}
		if err != nil {
			return 0, "", err
		}
		start += int64(len(rest))
	}
	line, err = in.ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil // the last line, or one that is too long to be a hash
	}
	return start, line, err
}
