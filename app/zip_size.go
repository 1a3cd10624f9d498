package app

import (
	"archive/zip"
	"math"
)

// zipSize computes how long an archive gets, as archive/zip writes stored files.
type zipSize struct {
	offset, directory int64
	records           int
}

// add counts a file; descriptor says that its checksum comes behind it.
func (s *zipSize) add(h *zip.FileHeader, bytes int64, descriptor bool) {
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

func (s *zipSize) total() int64 {
	n := s.offset + s.directory + 22
	if s.records >= math.MaxUint16 || s.directory >= math.MaxUint32 || s.offset >= math.MaxUint32 {
		n += 56 + 20
	}
	return n
}

// size is the exact size of the archive where nothing will be left out.
func (ar *Archive) size() int64 {
	if ar.strip {
		return -1
	}
	var s zipSize
	for _, e := range ar.entries {
		s.add(header(e.folder.path+e.name, e.taken), e.bytes, e.bytes > maxReadTwice)
	}
	return s.total()
}
