package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// download brings p into the partial folder and checks it. It returns its length and
// what it was checked by.
func (s *session) download(ctx context.Context, p planned) (int64, string, error) {
	path := filepath.Join(s.partial, p.name)
	if n, by, err := check(path, p); err == nil && by != "" {
		return n, by, nil // of an earlier call
	}
	resumed := size(path+partSuffix) > 0
	for {
		if err := s.retry(ctx, func() (bool, *Error) { return s.attempt(ctx, &p, path+partSuffix) }); err != nil {
			return 0, "", err
		}
		n, by, err := check(path+partSuffix, p)
		if err == nil {
			return n, by, finish(path)
		}
		discard(path + partSuffix)
		// What was continued may have been the beginning of another version.
		if e := (*Error)(nil); !resumed || !errors.As(err, &e) || e.Kind != KindChecksum {
			return 0, "", err
		}
		resumed = false
	}
}

// attempt makes one request for what is missing of p. It says whether there is now
// more of it than before.
func (s *session) attempt(ctx context.Context, p *planned, part string) (progress bool, failure *Error) {
	have, tag := size(part), readTag(part)
	before := have
	checked := p.remote.sha256 != "" || p.gitSHA1 != ""
	if have > p.most || p.size >= 0 && have > p.size || tag == "" && !checked {
		have = 0
	}
	if have > 0 && have == p.size {
		return false, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(s.stall, func() { cancel(errStalled) })
	defer watch.Stop()
	r, err := newRequest(ctx, http.MethodGet, p.url)
	if err != nil {
		return false, network(p.name, err)
	}
	if have > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if tag != "" {
			r.Header.Set("If-Range", tag)
		}
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return false, network(p.name, stalled(ctx, err))
	}
	defer answer.Body.Close()
	s.answered = true
	from, length, failure := s.accept(answer, p, have, part)
	if failure != nil {
		return false, failure
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return false, disk(p.name, err)
	}
	defer f.Close()
	if from == 0 {
		writeTag(part, answer.Header.Get("ETag"))
	}
	if err := f.Truncate(from); err != nil {
		return false, disk(p.name, err)
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return false, disk(p.name, err)
	}
	n, failure := s.copy(ctx, f, answer.Body, p, from, length, watch)
	if failure == nil {
		if err := f.Sync(); err != nil {
			failure = disk(p.name, err)
		}
	} else if failure.Kind == KindTooLarge {
		discard(part)
	}
	return from+n > before, failure
}

var errStalled = errors.New("no byte came for too long")

// stalled returns errStalled where that is why a request ended with err.
func stalled(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

// accept returns where the body of an answer begins in the file, and how long the
// whole file then is; -1 where nobody says.
func (s *session) accept(answer *http.Response, p *planned, have int64, part string) (from, length int64, failure *Error) {
	length = p.size
	switch answer.StatusCode {
	case http.StatusOK:
		if length < 0 && answer.ContentLength >= 0 {
			length = answer.ContentLength
		}
		if length < 0 && answer.ProtoMajor == 1 && len(answer.TransferEncoding) == 0 {
			return 0, 0, &Error{Kind: KindServer, File: p.name, Err: errors.New("does not say where the file ends"), final: true}
		}
		return 0, length, s.limit(p, length)
	case http.StatusPartialContent:
		var first, last, total int64
		n, _ := fmt.Sscanf(answer.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total)
		if n < 2 || n == 2 && length < 0 || first != have || n == 3 && length >= 0 && total != length {
			discard(part)
			return 0, 0, &Error{Kind: KindServer, File: p.name, Err: fmt.Errorf("sent %q for the bytes from %d on", answer.Header.Get("Content-Range"), have)}
		}
		if n == 3 {
			length = total
		}
		return have, length, s.limit(p, length)
	case http.StatusRequestedRangeNotSatisfiable:
		discard(part) // it is not the beginning of what is there now
	}
	e := refusal(p.name, answer)
	e.after = retryAfter(answer)
	e.final = e.final && answer.StatusCode != http.StatusRequestedRangeNotSatisfiable
	return 0, 0, e
}

func (s *session) limit(p *planned, length int64) *Error {
	if length > p.most {
		return &Error{Kind: KindTooLarge, File: p.name, Err: fmt.Errorf("%d bytes", length), final: true}
	}
	return nil
}

// copy writes body to w until the file has length bytes, or, where that is not
// known, until it ends. It returns how many came.
func (s *session) copy(ctx context.Context, w io.Writer, body io.Reader, p *planned, from, length int64, watch *time.Timer) (n int64, failure *Error) {
	most := length
	if most < 0 {
		most = p.most
	}
	buffer := make([]byte, 256<<10)
	for {
		got, err := body.Read(buffer)
		watch.Reset(s.stall)
		if from+n+int64(got) > most {
			return n, &Error{Kind: KindTooLarge, File: p.name, Err: fmt.Errorf("over %d bytes", most), final: true}
		}
		if got > 0 {
			if _, err := w.Write(buffer[:got]); err != nil {
				return n, disk(p.name, err)
			}
			n += int64(got)
			s.tell(p.name, s.done+from+n)
		}
		if err == nil {
			err = ctx.Err() // what has arrived already could be read on for a while
		}
		switch {
		case errors.Is(err, io.EOF):
			if length >= 0 && from+n < length {
				return n, &Error{Kind: KindNetwork, File: p.name, Err: fmt.Errorf("the connection ended after %d of %d bytes", from+n, length)}
			}
			return n, nil
		case err != nil:
			return n, network(p.name, stalled(ctx, err))
		}
	}
}

const (
	partSuffix = ".part"
	tagSuffix  = ".etag"
)

// readTag returns the ETag of what part is the beginning of; empty: not known.
func readTag(part string) string {
	b, err := os.ReadFile(part + tagSuffix)
	if err != nil || len(b) > 512 {
		return ""
	}
	return string(b)
}

// writeTag keeps a strong ETag; If-Range takes no other.
func writeTag(part, tag string) {
	if !strings.HasPrefix(tag, `"`) || os.WriteFile(part+tagSuffix, []byte(tag), 0o644) != nil {
		os.Remove(part + tagSuffix)
	}
}

func discard(part string) {
	os.Remove(part)
	os.Remove(part + tagSuffix)
}

// finish gives a complete file its name.
func finish(path string) error {
	if err := os.Rename(path+partSuffix, path); err != nil {
		return disk(filepath.Base(path), err)
	}
	os.Remove(path + partSuffix + tagSuffix)
	return nil
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
