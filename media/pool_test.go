package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"albumen/internal/nice"
)

// bombPNG claims a size and holds next to nothing; padding makes the file long
// enough not to be given away by its length.
func bombPNG(w, h uint32, interlace byte, padding int) []byte {
	ihdr := binary.BigEndian.AppendUint32(nil, w)
	ihdr = binary.BigEndian.AppendUint32(ihdr, h)
	ihdr = append(ihdr, 8, 2, 0, 0, interlace)
	b := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range []struct {
		name string
		data []byte
	}{{"IHDR", ihdr}, {"prIv", bytes.Repeat([]byte{'x'}, padding)}, {"IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01")}, {"IEND", nil}} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(chunk.data)))
		body := append([]byte(chunk.name), chunk.data...)
		b = append(b, body...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
	}
	return b
}

func TestBombsAreRefusedBeforeDecoding(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	gif := append([]byte("GIF89a"), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, ';')
	for name, b := range map[string][]byte{
		"huge.png":       bombPNG(30000, 30000, 1, 0),
		"thin.png":       bombPNG(309, 15403836, 0, 0),
		"small.png":      bombPNG(15000, 15000, 0, 0),
		"interlaced.png": bombPNG(14000, 14000, 1, 4<<20),
		"huge.gif":       gif,
	} {
		path := filepath.Join(dir, name)
		writeFile(t, path, b)
		typ, err := sniffFile(t, path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Still(context.Background(), path, typ)
		var pe *ProcessError
		if !errors.As(err, &pe) || pe.Code != CodeTooManyPixels {
			t.Errorf("%s: got %v, want it refused for its pixels", name, err)
		}
	}
}

// A genuine panorama of 100 megapixels is no bomb, and needs little memory.
func TestLargePanorama(t *testing.T) {
	p := newTestProcessor(t)
	path := panorama(t)
	memory := watchMemory(t)
	r := mustStill(t, p, path)
	if r.Width != 20000 || r.Height != 5000 || r.ThumbW != 512 || r.ThumbH != 128 {
		t.Errorf("%d×%d, thumb %d×%d", r.Width, r.Height, r.ThumbW, r.ThumbH)
	}
	if peak := memory(); peak > 300*mib {
		t.Errorf("the decoder took %d MiB", peak/mib)
	}
}

// panorama makes a JPEG of 20000×5000 pixels.
func panorama(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	photograph(t, 1000, 500, filepath.Join(dir, "tile.png"))
	path := filepath.Join(dir, "panorama.jpg")
	run(t, "vips", "replicate", filepath.Join(dir, "tile.png"), path+"[Q=85]", "20", "10")
	return path
}

func TestMemoryIsBounded(t *testing.T) {
	p := newProcessorWith(t, Config{Workers: 1, MemoryLimitBytes: 200 * mib})
	dir := t.TempDir()
	path := filepath.Join(dir, "progressive.jpg")
	photograph(t, 1000, 500, filepath.Join(dir, "tile.png"))
	run(t, "vips", "replicate", filepath.Join(dir, "tile.png"), path+"[Q=85,interlace]", "8", "10")
	_, err := p.Still(context.Background(), path, photo("image/jpeg", "jpg"))
	wantCode(t, err, CodeTooManyPixels)
}

func TestLimitsThatCannotWorkAreRefused(t *testing.T) {
	if _, err := NewProcessor(Config{MemoryLimitBytes: mib}); err == nil {
		t.Error("a limit of 1 MiB is accepted")
	}
	if _, err := NewProcessor(Config{Exiftool: "/nonexistent/exiftool"}); err == nil {
		t.Error("a missing exiftool is accepted")
	}
}

// New photos give way to what a person waits for, in every thread.
func TestDecodersAreNicer(t *testing.T) {
	p := newProcessorWith(t, Config{Workers: 1})
	small := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 320, 240, small)
	mustStill(t, p, small)
	threads := 0
	for _, pid := range decoderPIDs() {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(filepath.Base(task))
			if err != nil {
				t.Fatal(err)
			}
			lowered, err := nice.Lowered(tid)
			if errors.Is(err, unix.ESRCH) {
				continue // it just ended
			}
			if err != nil {
				t.Fatal(err)
			}
			threads++
			if !lowered {
				t.Errorf("the thread %d of a decoder is as urgent as others", tid)
			}
		}
	}
	if threads == 0 {
		t.Error("no decoder runs")
	}
}

// A child that dies takes only its file with it.
func TestCrashConcernsOneFile(t *testing.T) {
	p := newProcessorWith(t, Config{Workers: 1})
	large := panorama(t)
	done := make(chan error, 1)
	go func() {
		_, err := p.Still(context.Background(), large, photo("image/jpeg", "jpg"))
		done <- err
	}()
	var err error
	for err == nil {
		for _, pid := range decoderPIDs() {
			_ = syscall.Kill(pid, syscall.SIGSEGV) // it may have ended
		}
		select {
		case err = <-done:
			if err == nil {
				t.Fatal("the file was finished before its decoder could be killed")
			}
		case <-time.After(20 * time.Millisecond):
		}
	}
	wantCode(t, err, CodeCrashed)
	small := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 320, 240, small)
	mustStill(t, p, small)
}

func TestDeadline(t *testing.T) {
	large := panorama(t)
	p := newProcessorWith(t, Config{Workers: 1, Timeout: time.Millisecond})
	_, err := p.Still(context.Background(), large, photo("image/jpeg", "jpg"))
	wantCode(t, err, CodeTimeout)
	if pids := decoderPIDs(); len(pids) > 0 {
		t.Errorf("decoders %v go on after their deadline", pids)
	}
}

func TestCancelledContextIsNoFault(t *testing.T) {
	p := newTestProcessor(t)
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 320, 240, path)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Still(ctx, path, photo("image/jpeg", "jpg")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Metadata(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsChildren(t *testing.T) {
	p, err := NewProcessor(Config{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 320, 240, path)
	mustStill(t, p, path)
	if len(decoderPIDs()) == 0 {
		t.Fatal("no decoder is kept for the next file")
	}
	for range 2 { // closing twice is harmless
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if pids := decoderPIDs(); len(pids) > 0 {
		t.Errorf("decoders %v outlive their processor", pids)
	}
	if _, err := p.Still(context.Background(), path, photo("image/jpeg", "jpg")); err == nil {
		t.Error("a closed processor still works")
	}
}

// Options of libvips and of exiftool must not be read out of file names.
func TestHostilePaths(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	photograph(t, 320, 240, filepath.Join(dir, "photo.jpg"))
	b, err := os.ReadFile(filepath.Join(dir, "photo.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a[shrink=8].jpg", "-execute.jpg", "#comment.jpg", "$(id).jpg", "ünï 'q\" é.jpg", " lead.jpg"} {
		path := filepath.Join(dir, name)
		writeFile(t, path, b)
		if r := mustStill(t, p, path); r.PreviewW != 320 {
			t.Errorf("%q: preview is %d wide", name, r.PreviewW)
		}
		m, err := p.Metadata(context.Background(), path)
		if err != nil || m.Width != 320 {
			t.Errorf("%q: width %d, %v", name, m.Width, err)
		}
	}
	if _, err := p.Metadata(context.Background(), filepath.Join(dir, "line\n-execute.jpg")); err == nil {
		t.Error("a path with a line break reaches exiftool")
	}
}
