package media

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"albumen/internal/nice"
)

const (
	exiftoolTimeout = 20 * time.Second
	// exiftoolRecycle ends a process after so many files: Perl keeps what it
	// once took.
	exiftoolRecycle = 500
	maxExifOutput   = 16 << 20
)

// exiftool keeps exiftool processes open between files, which saves the 70 ms
// that starting one costs.
type exiftool struct {
	exe   string
	slots chan *exifProcess // nil: free slot without a running process
	done  chan struct{}
	once  sync.Once
}

func newExiftool(exe string, processes int) *exiftool {
	e := &exiftool{exe: exe, slots: make(chan *exifProcess, processes), done: make(chan struct{})}
	for range processes {
		e.slots <- nil
	}
	return e
}

// run executes one exiftool command on the file at path and returns what it
// printed. The file reaches exiftool as a path that cannot be mistaken for an
// option.
func (e *exiftool) run(ctx context.Context, path string, args ...string) ([]byte, error) {
	if strings.ContainsAny(path, "\n\r\x00") {
		return nil, errors.New("exiftool: path contains a line break")
	}
	if strings.HasPrefix(path, "-") || strings.HasPrefix(path, "#") || strings.HasPrefix(path, " ") {
		path = "./" + path
	}
	var proc *exifProcess
	select {
	case <-e.done:
		return nil, errors.New("exiftool: closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	case proc = <-e.slots:
	}
	defer func() { e.slots <- proc }()
	if proc == nil {
		var err error
		if proc, err = startExif(e.exe); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, exiftoolTimeout)
	defer cancel()
	out, err := proc.execute(ctx, append(args, path))
	proc.files++
	if err != nil || proc.files >= exiftoolRecycle {
		proc.kill()
		proc = nil
	}
	return out, err
}

// close ends every process, waiting for those at work.
func (e *exiftool) close() error {
	e.once.Do(func() {
		close(e.done)
		for range cap(e.slots) {
			if p := <-e.slots; p != nil {
				p.kill()
			}
		}
	})
	return nil
}

type exifProcess struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	pipe  *os.File
	files int
}

func startExif(exe string) (*exifProcess, error) {
	// -config "": no configuration of the user's may change what comes out.
	cmd := exec.Command(exe, "-config", "", "-stay_open", "True", "-@", "-")
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=/nonexistent"}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start exiftool: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start exiftool: %w", err)
	}
	cmd.Stdout = w
	err = nice.Start(cmd)
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start exiftool: %w", err)
	}
	return &exifProcess{cmd: cmd, in: in, out: bufio.NewReader(r), pipe: r}, nil
}

var exifReady = []byte("{ready}\n")

// execute sends one command and reads until exiftool says that it is done.
func (p *exifProcess) execute(ctx context.Context, args []string) ([]byte, error) {
	type reply struct {
		out []byte
		err error
	}
	done := make(chan reply, 1)
	go func() {
		if _, err := io.WriteString(p.in, strings.Join(args, "\n")+"\n-execute\n"); err != nil {
			done <- reply{nil, fmt.Errorf("ask exiftool: %w", err)}
			return
		}
		var out bytes.Buffer
		for {
			line, err := p.out.ReadSlice('\n')
			if err == nil && bytes.Equal(line, exifReady) {
				done <- reply{out.Bytes(), nil}
				return
			}
			out.Write(line)
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				done <- reply{nil, fmt.Errorf("read from exiftool: %w", err)}
				return
			}
			if out.Len() > maxExifOutput {
				done <- reply{nil, errors.New("exiftool: answer is too long")}
				return
			}
		}
	}()
	select {
	case r := <-done:
		return r.out, r.err
	case <-ctx.Done():
		p.kill()
		<-done
		return nil, fmt.Errorf("exiftool: %w", ctx.Err())
	}
}

func (p *exifProcess) kill() {
	p.in.Close()
	_ = p.cmd.Process.Kill() // fails only if it ended before
	_ = p.cmd.Wait()
	p.pipe.Close()
}
