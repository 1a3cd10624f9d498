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

// lowered tells whether the calling thread is.
func lowered(t *testing.T) bool {
	t.Helper()
	is, err := nice.Lowered(0)
	if err != nil {
		t.Error(err)
	}
	return is
}

func TestACrewIsNicerAndNobodyElse(t *testing.T) {
	crew, err := nice.NewCrew(2)
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
				if !lowered(t) {
					t.Error("a thread of the crew is as urgent as others")
				}
			})
		})
	}
	all.Wait()
	crew.Close()
	for range 100 { // the threads went with the crew
		all.Go(func() {
			if lowered(t) {
				t.Error("another thread is lowered")
			}
		})
	}
	all.Wait()
}

func TestAProcessIsNicer(t *testing.T) {
	var out strings.Builder
	cmd := exec.Command("sh", "-c", "exec cut -d' ' -f41 /proc/self/stat") // the scheduling policy
	cmd.Stdout = &out
	if err := nice.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != strconv.Itoa(unix.SCHED_IDLE) {
		t.Errorf("the process runs by the policy %s", got)
	}
	if lowered(t) {
		t.Error("who started it is lowered too")
	}
	if err := nice.Start(exec.Command("/nonexistent")); err == nil {
		t.Error("a program that is not there was started")
	}
}
