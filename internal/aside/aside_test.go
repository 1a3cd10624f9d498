package aside_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"albumen/internal/aside"
)

func TestATaskRunsBesideItsCaller(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	task := aside.Run(t.Context(), func(context.Context) (int, error) {
		close(begun)
		<-end
		return 7, nil
	})
	defer task.Stop()
	if <-begun; task.Ended() {
		t.Error("it has ended while it runs")
	}
	close(end)
	if n, err := task.Wait(); n != 7 || err != nil || !task.Ended() {
		t.Errorf("it returned %d, %v", n, err)
	}
}

func TestStopEndsATask(t *testing.T) {
	task := aside.Run(t.Context(), func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
	if task.Stop(); !task.Ended() {
		t.Error("it goes on")
	}
	if _, err := task.Wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("it returned %v", err)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	task := aside.Run(t.Context(), func(context.Context) (int, error) { panic("at the disco") })
	defer task.Stop()
	if _, err := task.Wait(); err == nil || !strings.Contains(err.Error(), "at the disco") || !strings.Contains(err.Error(), "aside_test.go") {
		t.Errorf("it returned %v", err)
	}
}
