// Command ml times our towers against ONNX Runtime on the same random weights, the
// same inputs and the same number of threads, turn by turn in one run. `make bench-ml`
// runs it. For each cell it prints rates as the median over the rounds, and the ratio
// of ours to ONNX Runtime's as the median of the rounds' ratios, so that other
// programs on the machine disturb both alike.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// cell is one way of use that is timed.
type cell struct {
	kind  string // image or text
	batch int
	runs  int // per round
}

var cells = []cell{{"image", 1, 4}, {"image", 8, 1}, {"text", 1, 12}, {"text", 16, 2}}

func main() {
	model := flag.String("model", "ViT-B/32", "size of the model: ViT-B/32, ViT-B/16, ViT-L/14 or ViT-L/14@336px")
	threads := flag.Int("threads", runtime.NumCPU(), "threads of both")
	rounds := flag.Int("rounds", 15, "how often both take their turn")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "albumen-bench-ml"), "where the random models are kept between runs (from 1.3 GB each)")
	serving := flag.Bool("serve", false, "answer the other process (used by the command itself)")
	flag.Parse()
	folder := filepath.Join(*dir, strings.NewReplacer("/", "-", "@", "-").Replace(*model))
	var err error
	if *serving {
		err = serve(folder, *threads)
	} else {
		err = compare(*model, folder, *threads, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-ml:", err)
		os.Exit(1)
	}
}

func compare(model, folder string, threads, rounds int) error {
	if err := prepare(model, folder); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ours, err := start("Albumen", exec.Command(self, "-serve", "-model", model, "-dir", filepath.Dir(folder), "-threads", fmt.Sprint(threads)))
	if err != nil {
		return err
	}
	defer ours.stop()
	theirs, err := start("ONNX Runtime", exec.Command("node", filepath.Join("bench", "ml", "ort.js"), folder, fmt.Sprint(threads)))
	if err != nil {
		return err
	}
	defer theirs.stop()

	sides := []*side{ours, theirs}
	for _, c := range cells { // also warms both up
		for _, s := range sides {
			if _, err := s.run(c, 2); err != nil {
				return err
			}
		}
		if d := furthest(ours.vectors, theirs.vectors, c.batch); d > 1e-4 {
			return fmt.Errorf("%s batch %d: the vectors of the two differ by %g", c.kind, c.batch, d)
		}
	}
	taken := map[cell][2][]timing{}
	for round := range rounds {
		for _, c := range cells {
			t := taken[c]
			for i := range sides {
				i = (i + round) % 2
				times, err := sides[i].run(c, c.runs)
				if err != nil {
					return err
				}
				t[i] = append(t[i], times)
			}
			taken[c] = t
		}
	}
	report(model, threads, rounds, taken, ours, theirs)
	for _, c := range []cell{{"text", 1, 100}, {"beside", 8, 100}} {
		t, err := ours.run(c, c.runs)
		if err != nil {
			return err
		}
		fmt.Printf("one text, %s: median %.1f ms, 95 %% within %.1f ms\n", map[string]string{"text": "nothing else", "beside": "while pictures are embedded in batches of 8"}[c.kind], t.wall.Seconds()*1e3, t.p95.Seconds()*1e3)
	}
	return nil
}

func report(model string, threads, rounds int, taken map[cell][2][]timing, ours, theirs *side) {
	load, _ := os.ReadFile("/proc/loadavg") // only told
	fmt.Printf("%s, random weights, %d threads, %d rounds, load %s\n", model, threads, rounds, strings.TrimSpace(string(load)))
	for _, s := range []*side{ours, theirs} {
		fmt.Printf("%-12s ready after %d ms, peak memory %d MB\n", s.name, s.ready.Milliseconds(), s.peak>>10)
	}
	for _, c := range cells {
		var rates, best, ratios, cpu [2][]float64
		for round := range rounds {
			for i := range 2 {
				t := taken[c][i][round]
				rates[i] = append(rates[i], float64(c.batch)/t.wall.Seconds())
				best[i] = append(best[i], float64(c.batch)/t.best.Seconds())
			}
			a, b := taken[c][0][round], taken[c][1][round]
			ratios[0] = append(ratios[0], b.wall.Seconds()/a.wall.Seconds())
			cpu[0] = append(cpu[0], b.cpu.Seconds()/a.cpu.Seconds())
		}
		fmt.Printf("%ss batch %-2d: Albumen %.2f/s (best %.2f), ONNX Runtime %.2f/s (best %.2f), per processor second %.2f, fp32 %d threads ratio %.2f\n",
			c.kind, c.batch, median(rates[0]), slices.Max(best[0]), median(rates[1]), slices.Max(best[1]), median(cpu[0]), threads, median(ratios[0]))
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// furthest is the greatest difference between two lists of unit vectors.
func furthest(a, b []float32, vectors int) (most float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	length := len(a) / vectors
	for i := 0; i < len(a); i += length {
		var la, lb float64
		for j := i; j < i+length; j++ {
			la += float64(a[j]) * float64(a[j])
			lb += float64(b[j]) * float64(b[j])
		}
		for j := i; j < i+length; j++ {
			most = max(most, math.Abs(float64(a[j])/math.Sqrt(la)-float64(b[j])/math.Sqrt(lb)))
		}
	}
	return most
}

// timing is one turn of one side: medians, the best and the 95th percentile of its runs.
type timing struct{ wall, cpu, best, p95 time.Duration }
