package media

import (
	"os"
	"testing"
)

// TestMain lets the test binary be its own decoder child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == DecoderArg {
		os.Exit(DecoderMain())
	}
	os.Exit(m.Run())
}
