package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// megabytesOf is what a process and its children take together, each page
// that they share counted once (Pss).
func megabytesOf(i *instance, name string) float64 {
	i.mu.Lock()
	cmd := i.running[name]
	i.mu.Unlock()
	kib := 0
	for _, pid := range withChildren(cmd.Process.Pid) {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // it has just ended
		}
		for line := range strings.Lines(string(rollup)) {
			if value, ok := strings.CutPrefix(line, "Pss:"); ok {
				n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB")) // a number, says the kernel
				kib += n
			}
		}
	}
	return float64(kib) * 1024 / 1e6
}

func withChildren(pid int) []int {
	pids := []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is good
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has just ended
		}
		for _, field := range strings.Fields(string(content)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, withChildren(child)...)
			}
		}
	}
	return pids
}

// watchMemory measures until its result is called, which tells the peaks.
func watchMemory(t testing.TB, i *instance) func() map[string]float64 {
	peaks, stop, ended := map[string]float64{}, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			for _, name := range []string{"web", "worker", "ml"} {
				peaks[name] = max(peaks[name], megabytesOf(i, name))
			}
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	finish := sync.OnceFunc(func() { close(stop); <-ended })
	t.Cleanup(finish)
	return func() map[string]float64 { finish(); return peaks }
}
