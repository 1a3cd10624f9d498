package hub

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"albumen/ml/modelfile"
)

// Progress is how far a download is.
type Progress struct {
	File  string // in hand; empty before the first and after the last
	Done  int64  // bytes of all files, those of earlier calls included
	Total int64  // bytes of all files whose size the hub says, if any, and never less than Done
	// Waiting says that another process fetches the same model.
	Waiting bool
}

// Fetcher fetches models. The zero value of what is optional will do.
type Fetcher struct {
	Base     string         // the folder below which models are kept (CLIP_MODEL_DIR)
	URL      string         // of a mirror (CLIP_MODEL_URL); empty: DefaultURL
	Progress func(Progress) // called often, by the goroutine of Fetch; may be nil

	pause func(failures int) time.Duration // before the next attempt
	stall time.Duration                    // without a byte, after which a request is given up
	roots *x509.CertPool                   // nil: the system's
}

// Fetched says what Fetch brought.
type Fetched struct {
	Dir   string // the model's folder
	New   bool   // false: it was there already, and nothing was asked of the hub
	Files []FetchedFile
}

// FetchedFile is one file of a new folder. CheckedBy is "sha256" or "git" (the hub's
// hash of small files), or empty where nobody published a checksum.
type FetchedFile struct {
	Name      string
	Bytes     int64
	CheckedBy string
}

// Fetch brings the model id into Dir(f.Base, id), continuing what an earlier call
// left, and waits while another process does the same. Errors are *Error, or that
// of ctx.
func (f Fetcher) Fetch(ctx context.Context, id string) (Fetched, error) {
	got, err := f.fetch(ctx, id)
	var e *Error
	switch {
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return Fetched{}, ctx.Err()
	case errors.As(err, &e):
		e.Model = id
	}
	return Fetched{}, err
}

func (f Fetcher) fetch(ctx context.Context, id string) (Fetched, error) {
	base, err := parseBase(f.URL)
	if err != nil {
		return Fetched{}, err
	}
	dir, err := Dir(f.Base, id)
	if err != nil {
		return Fetched{}, err
	}
	if modelfile.Complete(dir) {
		return Fetched{Dir: dir}, nil
	}
	if err := os.MkdirAll(f.Base, 0o755); err != nil {
		return Fetched{}, disk("", err)
	}
	unlock, err := lock(ctx, filepath.Join(f.Base, ".lock-"+filepath.Base(dir)), func() { f.report(Progress{Waiting: true}) })
	if err != nil {
		return Fetched{}, err
	}
	defer unlock()
	if modelfile.Complete(dir) {
		return Fetched{Dir: dir}, nil
	}
	// An empty folder is nobody's; anything else may be somebody's work.
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Fetched{}, disk("", err)
	}
	s := session{
		Fetcher: f, base: base, client: newClient(base, f.roots), model: find(id),
		partial: filepath.Join(f.Base, ".partial-"+filepath.Base(dir)),
	}
	defer s.client.CloseIdleConnections()
	if s.pause == nil {
		s.pause = backOff
	}
	if s.stall == 0 {
		s.stall = time.Minute
	}
	return s.run(ctx, dir)
}

func (f Fetcher) report(p Progress) {
	if f.Progress != nil {
		f.Progress(p)
	}
}

// backOff doubles from a second on, a little apart for each process.
func backOff(failures int) time.Duration {
	return time.Duration((1 + rand.Float64()/4) * float64(time.Second) * float64(int(1)<<min(failures-1, 5)))
}

// session is one Fetch that has the lock.
type session struct {
	Fetcher
	base    *url.URL
	client  *http.Client
	model   Model
	partial string // the folder of what has come

	answered bool // the hub has been reached
	done     int64
	total    int64
}

// tell reports how far the download is. Files whose size the hub does not say are not
// in the total beforehand.
func (s *session) tell(file string, done int64) {
	total := s.total
	if total > 0 {
		total = max(total, done)
	}
	s.report(Progress{File: file, Done: done, Total: total})
}

// planned is a file that is to be fetched.
type planned struct {
	file
	remote
	url string
}

func (s *session) run(ctx context.Context, dir string) (Fetched, error) {
	plan, revision, err := s.plan(ctx)
	if err != nil {
		return Fetched{}, err
	}
	if err := s.open(revision); err != nil {
		return Fetched{}, err
	}
	if err := s.checkSpace(plan); err != nil {
		return Fetched{}, err
	}
	got := Fetched{Dir: dir, New: true}
	for _, p := range plan {
		n, by, err := s.download(ctx, p)
		if err != nil {
			return Fetched{}, err
		}
		s.done += n
		got.Files = append(got.Files, FetchedFile{p.name, n, by})
	}
	if err := s.publish(plan, dir); err != nil {
		return Fetched{}, err
	}
	s.tell("", s.done)
	return got, nil
}

// plan asks for every file, in the first revision that there is.
func (s *session) plan(ctx context.Context) (plan []planned, revision string, err error) {
	revisions := s.model.revisions()
	for i, revision := range revisions {
		plan, err := s.planRevision(ctx, revision)
		if e := (*Error)(nil); errors.As(err, &e) && e.Kind == KindNotFound && len(plan) == 0 && i < len(revisions)-1 {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		for _, p := range plan {
			s.total += max(0, p.size)
		}
		return plan, revision, nil
	}
	return nil, "", &Error{Kind: KindNotFound}
}

func (s *session) planRevision(ctx context.Context, revision string) (plan []planned, err error) {
	add := func(f file) error {
		p := planned{file: f, url: fileURL(s.base, s.model.ID, revision, f.name)}
		if err := s.probe(ctx, &p); err != nil {
			return err
		}
		plan = append(plan, p)
		return nil
	}
	for _, f := range s.model.files() {
		if f.name == weightsFile { // after the tokenizer, which is small
			if err := s.planTokenizer(add); err != nil {
				return plan, err
			}
		}
		err := add(f)
		if e := (*Error)(nil); f.optional && errors.As(err, &e) && e.Kind == KindNotFound {
			continue
		}
		if err != nil {
			return plan, err
		}
	}
	return plan, nil
}

func (s *session) planTokenizer(add func(file) error) error {
	var missing error
	for _, form := range tokenizers() {
		missing = nil
		for _, f := range form {
			err := add(f)
			if e := (*Error)(nil); errors.As(err, &e) && e.Kind == KindNotFound {
				missing = err
				break
			}
			if err != nil {
				return err
			}
		}
		if missing == nil {
			return nil
		}
	}
	return missing
}

// probe asks for the headers of p. A server that knows no HEAD is asked nothing.
func (s *session) probe(ctx context.Context, p *planned) error {
	return s.retry(ctx, func() (bool, *Error) {
		r, err := newRequest(ctx, http.MethodHead, p.url)
		if err != nil {
			return false, network(p.name, err)
		}
		answer, err := s.client.Do(r)
		if err != nil {
			return false, network(p.name, err)
		}
		answer.Body.Close()
		s.answered = true
		switch answer.StatusCode {
		case http.StatusOK:
			p.remote = describe(answer)
		case http.StatusMethodNotAllowed, http.StatusNotImplemented:
			p.remote = remote{size: -1}
		default:
			e := refusal(p.name, answer)
			e.after = retryAfter(answer)
			return false, e
		}
		return false, s.compare(p)
	})
}

// compare holds what a server says against what is known of the file.
func (s *session) compare(p *planned) *Error {
	switch {
	case p.size > p.most:
		return &Error{Kind: KindTooLarge, File: p.name, Err: fmt.Errorf("%d bytes", p.size), final: true}
	case p.bytes > 0 && p.size >= 0 && p.size != p.bytes:
		return &Error{Kind: KindChecksum, File: p.name, Err: fmt.Errorf("has %d bytes, not %d", p.size, p.bytes), final: true}
	}
	if p.file.sha256 != "" {
		p.remote.sha256 = p.file.sha256 // ours, whatever the server says
	}
	if p.size < 0 && p.bytes > 0 {
		p.size = p.bytes
	}
	return nil
}

// retry calls attempt until it succeeds, fails for good, or fails five times on end
// without having got anywhere (twice where the hub has never been reached).
func (s *session) retry(ctx context.Context, attempt func() (progress bool, err *Error)) error {
	for failures := 0; ; {
		progress, err := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if progress {
			failures = 0
		}
		failures++
		if err.final || failures >= 5 || failures >= 2 && !s.answered {
			return err
		}
		timer := time.NewTimer(max(s.pause(failures), err.after))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}
