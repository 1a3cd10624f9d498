package media

import (
	"log/slog"
	"time"
)

// Kind says how an item is shown.
type Kind string

// The kinds of media.
const (
	KindPhoto Kind = "photo"
	KindVideo Kind = "video"
)

// Type is the true type of a file, decided from its content.
type Type struct {
	MIME string // as sent in Content-Type, e.g. "image/jpeg"
	Ext  string // canonical extension without dot, e.g. "jpg"
	Kind Kind
	// Decodable: Processor.Still can make pictures of it. Where false (videos,
	// RAW) the file is stored and shown with an icon.
	Decodable bool
}

// Sizes of the pictures made by Processor.Still, in pixels of the longer edge.
// Smaller originals are never enlarged.
const (
	ThumbEdge   = 512
	PreviewEdge = 2048
)

// Config tells NewProcessor its limits. The zero value is usable: every field
// has a default.
type Config struct {
	// Workers is how many files are decoded at once. Default: the number of
	// CPUs, at most 4.
	Workers int
	// MaxPixels refuses pictures with more pixels before anything is decoded.
	// Default 400 million.
	MaxPixels int64
	// MemoryLimitBytes bounds what all children together may allocate for
	// pixels; a file that needs more is refused, and fewer run at once where
	// the sum would pass it. Default 384 MiB.
	MemoryLimitBytes int64
	// Timeout is the deadline of one file. Default 60 s.
	Timeout time.Duration
	// SelfExe is the executable that runs DecoderMain when its first argument
	// is DecoderArg. Default os.Executable().
	SelfExe string
	// Exiftool is the exiftool program. Default: "exiftool" from PATH.
	Exiftool string
	// DefaultZone is assumed for dates that carry no zone. Default UTC.
	DefaultZone *time.Location
	// Logger gets what operators should know. Default slog.Default().
	Logger *slog.Logger
}

// DecoderArg is the first argument with which the executable must run
// DecoderMain and exit with its result.
const DecoderArg = "decode-child"

// Result is what Processor.Still makes of one still picture. Widths and
// heights are in pixels, as shown: after orientation.
type Result struct {
	Width, Height int // of the original
	Orientation   int // EXIF value 1-8 that was applied
	Damaged       bool
	Animated      bool // more than one frame; the first is shown
	HasAlpha      bool

	Thumb, Preview     []byte // WebP, sRGB, without metadata
	ThumbW, ThumbH     int
	PreviewW, PreviewH int
	Thumbhash          []byte // see ThumbhashPNG
	PHash              uint64 // perceptual hash; compare with PHashDistance
}

// Metadata is what a file says about itself; absent values are zero or nil.
type Metadata struct {
	// TakenAtLocal is the wall clock where the picture was taken, held in UTC
	// so that its fields can be read; zero if the file has no date.
	TakenAtLocal time.Time
	// TakenAt is the instant; zero if TakenAtLocal is.
	TakenAt time.Time
	// OffsetMinutes is TakenAtLocal minus UTC.
	OffsetMinutes *int
	// TakenAtSource says where the date and its offset came from, one of the
	// Source constants.
	TakenAtSource string

	CameraMake, CameraModel, Lens string
	ISO                           int
	FNumber                       float64
	ExposureSeconds               float64
	FocalLength                   float64 // millimetres
	FocalLength35                 float64 // millimetres, as on 35 mm film
	Flash                         *bool

	Latitude, Longitude *float64 // degrees, WGS 84
	Altitude            *float64 // metres above the sea

	Title, Description string
	Artist, Copyright  string
	Keywords           []string
	Rating             int // 0-5; -1 is rejected
	Orientation        int // EXIF 1-8, 0 if absent
	Width, Height      int // as stored, before orientation; 0 if unknown
	DurationSeconds    float64
}

// Sources of a date, best first.
const (
	SourceEXIFOffset = "exif_offset" // EXIF date with its own offset tag
	SourceGPS        = "gps"         // EXIF date, offset derived from the GPS time stamp
	SourceEXIF       = "exif"        // EXIF date, zone assumed
	SourceXMPOffset  = "xmp_offset"  // XMP date with an offset
	SourceXMP        = "xmp"         // XMP or IPTC date, zone assumed
	SourceQuickTime  = "quicktime"   // container date, which is UTC or carries an offset
	SourceFilename   = "filename"    // a date in the file's name
	SourceFileMtime  = "file_mtime"  // the file's time stamp, given by the caller
	SourceNone       = "none"
)
