package media

// RefusedError says that a file is not something an album keeps. Reason is one
// of the Refused constants; the user-visible sentence belongs to the message
// catalogue under that key.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "file refused: " + e.Reason }

// Reasons of a RefusedError.
const (
	RefusedEmpty      = "empty"
	RefusedSVG        = "svg"
	RefusedHTML       = "html"
	RefusedScript     = "script"
	RefusedExecutable = "executable"
	RefusedArchive    = "archive"
	RefusedText       = "text"
	RefusedPDF        = "pdf"
	RefusedDocument   = "document"
	RefusedAudio      = "audio"
	RefusedPlaylist   = "playlist"
	RefusedSidecar    = "sidecar"    // XMP: belongs to a picture, is none
	RefusedImageType  = "image_type" // a picture, of a type that is not supported
	RefusedUnknown    = "unknown"
)

// ProcessError says why one file could not be processed. It concerns that file
// alone; others are not affected.
type ProcessError struct {
	Code   string // one of the Code constants
	Reason string // a plain English sentence without paths or library names
	Err    error  // detail for the log; may be nil
}

func (e *ProcessError) Error() string {
	if e.Err != nil {
		return "processing failed (" + e.Code + "): " + e.Err.Error()
	}
	return "processing failed (" + e.Code + "): " + e.Reason
}

func (e *ProcessError) Unwrap() error { return e.Err }

// Codes of a ProcessError.
const (
	CodeBroken        = "broken"
	CodeTooManyPixels = "too_many_pixels"
	CodeTimeout       = "timeout"
	CodeCrashed       = "crashed"
	CodeUnsupported   = "unsupported"
	CodeOutOfMemory   = "out_of_memory"
)

// Retryable reports whether running the same file again may succeed.
func (e *ProcessError) Retryable() bool {
	return e.Code == CodeTimeout || e.Code == CodeCrashed || e.Code == CodeOutOfMemory
}
