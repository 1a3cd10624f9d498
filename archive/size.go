package archive

import (
	"archive/zip"
	"math"
)

// Size computes how long an archive gets, as archive/zip writes stored files.
type Size struct {
	offset, directory int64
	records           int
}

// Add counts a file; descriptor says that its checksum comes behind it.
func (s *Size) Add(h *zip.FileHeader, bytes int64, descriptor bool) {
	head := int64(len(h.Name) + 9) // the date is in the extra field
	if len(h.Extra) == 0 {
		head -= 9
	}
	big := bytes >= math.MaxUint32
	s.directory += 46 + head
	if big || s.offset >= math.MaxUint32 {
		s.directory += 28
	}
	s.offset += 30 + head + bytes
	switch {
	case descriptor && big:
		s.offset += 24
	case descriptor:
		s.offset += 16
	}
	s.records++
}

// Total is how long the archive is when it ends now.
func (s *Size) Total() int64 {
	n := s.offset + s.directory + 22
	if s.records >= math.MaxUint16 || s.directory >= math.MaxUint32 || s.offset >= math.MaxUint32 {
		n += 56 + 20
	}
	return n
}
