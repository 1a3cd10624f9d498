package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"albumen/ml/hub"
)

// progressBar shows how far a download is: on a terminal one line that is
// drawn again, elsewhere a line now and then.
type progressBar struct {
	out      io.Writer
	terminal bool
	looked   bool
	waiting  bool
	drawn    time.Time
	percent  int64
}

const barWidth = 30

func (b *progressBar) show(p hub.Progress) {
	done, total := p.Done, p.Total
	if !b.looked {
		b.looked, b.percent, b.terminal = true, -10, isTerminal(b.out)
	}
	if p.Waiting && !b.waiting {
		b.waiting = true
		fmt.Fprintln(b.out, "another process fetches this model; waiting for it")
	}
	if total <= 0 {
		return
	}
	percent := done * 100 / total
	switch {
	case b.terminal && (done == total || time.Since(b.drawn) > 100*time.Millisecond):
		b.drawn = time.Now()
		filled := int(done * barWidth / total)
		fmt.Fprintf(b.out, "\r[%s%s] %3d %%  %.1f of %.1f MB ", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), percent, megabytes(done), megabytes(total))
	case !b.terminal && (percent >= b.percent+10 || percent == 100 && b.percent < 100):
		b.percent = percent
		fmt.Fprintf(b.out, "%d %%, %.1f of %.1f MB\n", percent, megabytes(done), megabytes(total))
	}
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// end leaves the line.
func (b *progressBar) end() {
	if b.terminal {
		fmt.Fprintln(b.out)
	}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
