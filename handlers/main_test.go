package handlers_test

import (
	"os"
	"testing"

	"albumen/media"
)

// TestMain lets the test binary be its own decoder child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	os.Exit(m.Run())
}
