package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Outbox writes mails into a folder instead of sending them: what development
// has for a server.
type Outbox struct{ dir string }

// NewOutbox returns the outbox in a folder, which is made when it is needed.
func NewOutbox(dir string) *Outbox { return &Outbox{dir} }

// OutboxFile is a mail in the outbox.
type OutboxFile struct {
	Name  string
	At    time.Time
	Bytes int64
}

// Send implements Transport. The same mail sent twice is one file.
func (o *Outbox) Send(_ context.Context, m Message) error {
	text, err := m.Bytes()
	if err != nil {
		return &Failure{Code: FailMessage, Reply: shorten(err.Error()), Err: err}
	}
	if err := o.write(m.Date.UTC().Format("20060102T150405Z")+"-"+safeName(m.ID)+".eml", text); err != nil {
		return &Failure{Code: FailConnect, Reply: shorten(err.Error()), Err: err}
	}
	return nil
}

func (o *Outbox) write(name string, text []byte) error {
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return fmt.Errorf("make the outbox: %w", err)
	}
	file, err := os.CreateTemp(o.dir, ".mail-*") // 0600
	if err != nil {
		return fmt.Errorf("write into the outbox: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), filepath.Join(o.dir, name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write into the outbox: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// List returns the newest mails first, at most n.
func (o *Outbox) List(n int) ([]OutboxFile, error) {
	entries, err := os.ReadDir(o.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the outbox: %w", err)
	}
	var files []OutboxFile
	for _, e := range slices.Backward(entries) { // names begin with the time
		if !outboxName.MatchString(e.Name()) || len(files) == n {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list the outbox: %w", err)
		}
		files = append(files, OutboxFile{Name: e.Name(), At: info.ModTime(), Bytes: info.Size()})
	}
	return files, nil
}

// Read returns a mail of the outbox; fs.ErrNotExist when there is none of that
// name, which is also the answer to a name that leads elsewhere.
func (o *Outbox) Read(name string) ([]byte, error) {
	if !outboxName.MatchString(name) {
		return nil, fs.ErrNotExist
	}
	text, err := os.ReadFile(filepath.Join(o.dir, name))
	if err != nil {
		return nil, fmt.Errorf("read from the outbox: %w", err)
	}
	return text, nil
}

// safeName is the part of a Message-ID before the @, as part of a file name.
func safeName(id string) string {
	id, _, _ = strings.Cut(id, "@")
	return notInNames.ReplaceAllString(id, "-")
}

var (
	outboxName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[0-9a-zA-Z-]+\.eml$`)
	notInNames = regexp.MustCompile(`[^0-9a-zA-Z-]+`)
)
