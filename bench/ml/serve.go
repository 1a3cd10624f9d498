package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"albumen/bench/ml/onnx"
	"albumen/bench/ml/randomclip"
	"albumen/ml/clip"
)

// most is the largest batch of any cell.
const most = 16

// pause is between two texts beside pictures.
const pause = 70 * time.Millisecond

// sentences are the texts; their tokens are what a random vocabulary makes of them.
var sentences = [most]string{
	"child on a red bike", "sunset over the sea", "a dog in the snow", "birthday cake with candles",
	"the old town hall", "two people hiking in the mountains", "grandmother", "cat asleep on a sofa",
	"a page of handwriting", "wedding dance", "city at night from above", "children playing football in the rain",
	"blue car", "a bowl of soup on a wooden table", "airport", "the garden in spring with tulips",
}

// inputs is what both sides are given.
type inputs struct {
	Side int       `json:"side"`
	EOS  int32     `json:"eos"`
	IDs  [][]int32 `json:"ids"`
}

// prepare writes the random model, its ONNX twins and the inputs, unless they are there.
func prepare(model, folder string) error {
	done := filepath.Join(folder, "inputs.json") // written last
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	fmt.Fprintf(os.Stderr, "Writing a random %s to %s\n", model, folder)
	shape, err := randomclip.Published(model)
	if err != nil {
		return err
	}
	if err := randomclip.Write(folder, shape, 1); err != nil {
		return err
	}
	if err := onnx.Write(folder, folder); err != nil {
		return err
	}
	c, err := clip.ReadConfig(folder)
	if err != nil {
		return err
	}
	tokenizer, err := clip.ReadTokenizer(folder, c)
	if err != nil {
		return err
	}
	in := inputs{Side: shape.ImageSize, EOS: c.Text.EOS}
	for _, s := range sentences {
		in.IDs = append(in.IDs, tokenizer.Encode(s))
	}
	var floats []byte
	scale, shift := c.Pixels.Scale()
	for _, p := range pictures(shape.ImageSize) {
		for channel := range 3 {
			for i := channel; i < len(p.RGB); i += 3 {
				floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(p.RGB[i])*scale[channel]+shift[channel]))
			}
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "pixels.f32"), floats, 0o644); err != nil {
		return err
	}
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return os.WriteFile(done, data, 0o644)
}

// pictures are random pixels, the same each time.
func pictures(side int) []clip.Pixels {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]clip.Pixels, most)
	for i := range all {
		all[i] = clip.Pixels{Size: side, RGB: make([]byte, side*side*3)}
		for j := range all[i].RGB {
			all[i].RGB[j] = byte(r.Uint32())
		}
	}
	return all
}

// serve is our side.
func serve(folder string, threads int) error {
	m, err := clip.Load(folder, clip.Options{Threads: threads})
	if err != nil {
		return err
	}
	defer m.Close()
	fmt.Println("ready")
	px, ctx := pictures(m.Config().Vision.ImageSize), context.Background()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var kind string
		var batch, runs int
		if _, err := fmt.Sscan(lines.Text(), &kind, &batch, &runs); err != nil {
			return fmt.Errorf("read %q: %w", lines.Text(), err)
		}
		var vectors [][]float32
		stop, beside := func() {}, kind == "beside"
		if beside {
			stop = embedForEver(m, px[:batch])
			kind, batch = "text", 1
		}
		for range runs {
			if beside {
				time.Sleep(pause)
			}
			cpu, began := processorTime(), time.Now()
			if kind == "image" {
				vectors, err = m.EmbedImages(ctx, px[:batch])
			} else {
				vectors, err = m.EmbedTexts(ctx, sentences[:batch])
			}
			if err != nil {
				return err
			}
			fmt.Printf("%.3f %.3f\n", time.Since(began).Seconds()*1e3, (processorTime()-cpu).Seconds()*1e3)
		}
		stop()
		var all bytes.Buffer
		for _, v := range vectors {
			if err := binary.Write(&all, binary.LittleEndian, v); err != nil {
				return err
			}
		}
		fmt.Println("done", peakMemory(), base64.StdEncoding.EncodeToString(all.Bytes()))
	}
	return lines.Err()
}

// embedForEver keeps the model busy with pictures until the function that it returns
// is called.
func embedForEver(m *clip.Model, px []clip.Pixels) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for ctx.Err() == nil {
			_, _ = m.EmbedImages(ctx, px) // fails only when it is stopped
		}
	}()
	return func() {
		cancel()
		<-stopped
	}
}

func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // cannot be with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the greatest resident set of this process so far, in kilobytes.
func peakMemory() int {
	status, _ := os.ReadFile("/proc/self/status")
	kb := 0
	if _, rest, found := strings.Cut(string(status), "VmHWM:"); found {
		_, _ = fmt.Sscan(rest, &kb)
	}
	return kb
}
