package nice_test

import (
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"albumen/internal/nice"
)

// of is the niceness of the calling thread.
func of(t *testing.T) int {
	t.Helper()
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Error(err)
	}
	return 20 - raw
}

func TestACrewIsNicerAndNobodyElse(t *testing.T) {
	before := of(t)
	crew, err := nice.NewCrew(2, 7)
	if err != nil {
		t.Fatal(err)
	}
	var both, all sync.WaitGroup
	both.Add(2)
	for range 2 {
		all.Go(func() {
			crew.Do(func() {
				both.Done()
				both.Wait() // two threads are at work at once
				if got := of(t); got != min(19, before+7) {
					t.Errorf("a thread of the crew has the niceness %d, others %d", got, before)
				}
			})
		})
	}
	all.Wait()
	crew.Close()
	for range 100 { // the threads went with the crew
		all.Go(func() {
			if got := of(t); got != before {
				t.Errorf("another thread has the niceness %d, not %d", got, before)
			}
		})
	}
	all.Wait()
}

func TestAProcessIsNicer(t *testing.T) {
	before := of(t)
	for steps, want := range map[int]int{0: before, 3: min(19, before+3), 40: 19} {
		var out strings.Builder
		cmd := exec.Command("sh", "-c", "exec cut -d' ' -f19 /proc/self/stat")
		cmd.Stdout = &out
		if err := nice.Start(cmd, steps); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(out.String()); got != strconv.Itoa(want) {
			t.Errorf("a process %d steps nicer than %d has the niceness %s", steps, before, got)
		}
	}
	if err := nice.Start(exec.Command("/nonexistent"), 1); err == nil {
		t.Error("a program that is not there was started")
	}
}
