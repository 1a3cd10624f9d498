package app

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"path"
	"strings"
	"unicode"

	"albumen/media"
)

var (
	errTooMuch   = errors.New("more bytes than allowed")
	errWrongSize = errors.New("not as many bytes as announced")
)

// intake hashes and counts what is read through it, and remembers whether the
// source broke, which is the sender's fault and not the storage's.
type intake struct {
	r     io.Reader
	ahead bytes.Reader // the head that was looked at, to be read again
	sum   hash.Hash
	n     int64
	limit int64
	err   error
}

func newIntake(r io.Reader, limit sizeLimit) *intake {
	return &intake{r: r, sum: sha256.New(), limit: limit.bytes}
}

// head returns up to n first bytes; they will be read once more.
func (i *intake) head(n int) ([]byte, error) {
	buf := make([]byte, n)
	got, err := io.ReadFull(i.r, buf)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		i.err = err
		return nil, err
	}
	i.ahead.Reset(buf[:got])
	return buf[:got], nil
}

func (i *intake) Read(p []byte) (n int, err error) {
	if i.ahead.Len() > 0 {
		n, _ = i.ahead.Read(p)
	} else if n, err = i.r.Read(p); err != nil && err != io.EOF {
		i.err = err
	}
	i.n += int64(n)
	i.sum.Write(p[:n])
	if i.n > i.limit {
		i.err = errTooMuch
		return n, errTooMuch
	}
	return n, err
}

// receiveError says what went wrong while body was stored.
func receiveError(in Incoming, body *intake, limit sizeLimit, err error) error {
	switch {
	case errors.Is(body.err, errTooMuch):
		return limit.exceeded(in.Filename)
	case body.err != nil, errors.Is(err, errWrongSize):
		return &Error{Code: CodeInvalid, Key: "receive.incomplete", Args: fileArgs(in.Filename), Err: errors.Join(body.err, err)}
	}
	return &Error{Code: CodeUnavailable, Key: "receive.storage", Args: fileArgs(in.Filename), Err: err}
}

// refusal turns a *media.RefusedError into a sentence's key.
func refusal(filename string, err error) error {
	key := "receive.refused.unknown"
	if refused, ok := errors.AsType[*media.RefusedError](err); ok && refusedKeys[refused.Reason] != "" {
		key = refusedKeys[refused.Reason]
	}
	return &Error{Code: CodeUnsupported, Key: key, Args: fileArgs(filename), Err: err}
}

var refusedKeys = map[string]string{
	media.RefusedEmpty:      "receive.refused.empty",
	media.RefusedSVG:        "receive.refused.svg",
	media.RefusedHTML:       "receive.refused.html",
	media.RefusedScript:     "receive.refused.script",
	media.RefusedExecutable: "receive.refused.executable",
	media.RefusedArchive:    "receive.refused.archive",
	media.RefusedText:       "receive.refused.text",
	media.RefusedPDF:        "receive.refused.pdf",
	media.RefusedDocument:   "receive.refused.document",
	media.RefusedAudio:      "receive.refused.audio",
	media.RefusedPlaylist:   "receive.refused.playlist",
	media.RefusedSidecar:    "receive.refused.sidecar",
	media.RefusedImageType:  "receive.refused.image_type",
}

// showName is the sender's name of a file, fit to be shown in a message.
func showName(filename string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, path.Base(strings.ReplaceAll(strings.ToValidUTF8(filename, "_"), `\`, "/")))
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:119]) + "…"
	}
	if name == "." || name == "/" {
		return "?"
	}
	return name
}
