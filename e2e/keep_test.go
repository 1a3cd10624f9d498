package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A program that is kept comes back when it is killed, and ends with its keeper.
func TestKeepStartsAgainWhatWasKilled(t *testing.T) {
	began := filepath.Join(t.TempDir(), "began")
	keeper := exec.Command("../scripts/keep", "sh", "-c", `echo $$ >> "$0"; exec sleep 600`, began)
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	pid := func(nth int) (pid int) {
		t.Helper()
		waitUntil(t, "the program runs", func() bool {
			content, _ := os.ReadFile(began)
			pids := strings.Fields(string(content))
			if len(pids) <= nth {
				return false
			}
			var err error
			pid, err = strconv.Atoi(pids[nth])
			return err == nil && syscall.Kill(pid, 0) == nil
		})
		return pid
	}
	if err := syscall.Kill(pid(0), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := pid(1)
	if err := keeper.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the keeper ended with %v", err)
	}
	if syscall.Kill(again, 0) == nil {
		t.Error("the program outlives its keeper")
	}
}
