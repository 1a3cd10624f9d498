package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// side is a process of one of the two. Asked "image|text BATCH RUNS" (ours also
// "beside": single texts while batches of pictures are computed), it answers one line "WALL_MS CPU_MS" per run and then "done PEAK_KB VECTORS", with the last run's
// vectors as base64 of little-endian floats.
type side struct {
	name    string
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	ready   time.Duration // from its start until it can answer
	peak    int           // kilobytes
	vectors []float32
}

func start(name string, command *exec.Cmd) (*side, error) {
	s := &side{name: name, command: command}
	command.Stderr = os.Stderr
	var err error
	if s.in, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReaderSize(out, 1<<20)
	began := time.Now()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if line, err := s.out.ReadString('\n'); err != nil || line != "ready\n" {
		s.stop()
		return nil, fmt.Errorf("%s did not become ready: %q, %w", name, line, err)
	}
	s.ready = time.Since(began)
	return s, nil
}

func (s *side) run(c cell, runs int) (timing, error) {
	fmt.Fprintf(s.in, "%s %d %d\n", c.kind, c.batch, runs)
	var wall, cpu []time.Duration
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return timing{}, fmt.Errorf("%s ended: %w", s.name, err)
		}
		f := strings.Fields(line)
		if f[0] == "done" {
			if s.peak, err = strconv.Atoi(f[1]); err != nil {
				return timing{}, err
			}
			if err := s.decode(f[2]); err != nil {
				return timing{}, err
			}
			slices.Sort(wall)
			slices.Sort(cpu)
			return timing{wall[len(wall)/2], cpu[len(cpu)/2], wall[0], wall[len(wall)*95/100]}, nil
		}
		var w, p float64
		if _, err := fmt.Sscan(line, &w, &p); err != nil {
			return timing{}, fmt.Errorf("%s said %q: %w", s.name, line, err)
		}
		wall, cpu = append(wall, time.Duration(w*1e6)), append(cpu, time.Duration(p*1e6))
	}
}

func (s *side) decode(vectors string) error {
	data, err := base64.StdEncoding.DecodeString(vectors)
	if err != nil {
		return err
	}
	s.vectors = s.vectors[:0]
	for i := 0; i+4 <= len(data); i += 4 {
		s.vectors = append(s.vectors, math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))
	}
	return nil
}

func (s *side) stop() {
	_ = s.in.Close() // it ends by itself then
	_ = s.command.Wait()
}
