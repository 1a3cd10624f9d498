package media

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// watchMemory samples the resident memory of this process's decoder children
// until the returned function is called, which gives the highest sum.
func watchMemory(t testing.TB) func() int64 {
	t.Helper()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var peak int64
	wg.Go(func() {
		tick := time.NewTicker(3 * time.Millisecond)
		defer tick.Stop()
		var pids []int
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				if n%10 == 0 {
					pids = decoderPIDs()
				}
				var sum int64
				for _, pid := range pids {
					sum += residentBytes(pid)
				}
				peak = max(peak, sum)
			}
		}
	})
	return func() int64 {
		close(stop)
		wg.Wait()
		return peak
	}
}

// decoderPIDs lists the running decoder children of this process.
func decoderPIDs() []int {
	var pids []int
	processes, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, dir := range processes {
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // it ended
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		cmd, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // empty if it ended
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && strings.Contains(string(cmd), DecoderArg) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func residentBytes(pid int) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
