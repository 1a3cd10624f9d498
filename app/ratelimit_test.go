package app_test

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/redisdb"
)

func newLimiter(t *testing.T) *app.RateLimiter {
	return app.NewRateLimiter(redisPool(t), "test:"+uuid.NewString()+":")
}

func TestLimitHoldsForManyAtOnce(t *testing.T) {
	limiter := newLimiter(t)
	var allowed, refused atomic.Int64
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			err := limiter.Take(context.Background(), app.Limit{Key: "a", Max: 7, Window: time.Hour})
			switch {
			case err == nil:
				allowed.Add(1)
			case app.CodeOf(err) == app.CodeRateLimited:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if allowed.Load() != 7 || refused.Load() != 43 {
		t.Errorf("%d allowed, %d refused", allowed.Load(), refused.Load())
	}
}

func TestLimitSlides(t *testing.T) {
	limiter := newLimiter(t)
	limit := app.Limit{Key: "a", Max: 2, Window: 3 * time.Second}
	for range 2 {
		if err := limiter.Take(t.Context(), limit); err != nil {
			t.Fatal(err)
		}
	}
	e := wantCode(t, limiter.Take(t.Context(), limit), app.CodeRateLimited)
	if seconds, ok := app.RetryAfter(e); !ok || seconds < 1 || seconds > 3 {
		t.Errorf("retry after %d s", seconds)
	}
	// Refused acts do not count, so that waiting helps however often one tried.
	deadline := time.Now().Add(time.Minute)
	for limiter.Take(t.Context(), limit) != nil {
		if time.Now().After(deadline) {
			t.Fatal("the window does not pass")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestARefusedActCountsUnderNoLimit(t *testing.T) {
	limiter := newLimiter(t)
	tight := app.Limit{Key: "tight", Max: 1, Window: time.Hour}
	wide := app.Limit{Key: "wide", Max: 3, Window: time.Hour}
	if err := limiter.Take(t.Context(), tight, wide); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		wantCode(t, limiter.Take(t.Context(), tight, wide), app.CodeRateLimited)
	}
	for range 2 {
		if err := limiter.Take(t.Context(), wide); err != nil {
			t.Fatalf("refused acts were counted: %v", err)
		}
	}
	wantCode(t, limiter.Take(t.Context(), wide), app.CodeRateLimited)
	if err := limiter.Forget(t.Context(), "wide"); err != nil {
		t.Fatal(err)
	}
	if err := limiter.Take(t.Context(), wide); err != nil {
		t.Error(err)
	}
}

func TestIPv6NeighboursShareALimit(t *testing.T) {
	w := newAccounts(t)
	for i := range 10 {
		from := netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: byte(i)})
		_, err := w.SignIn(t.Context(), "ann@example.org", "wrong password", from)
		wantCode(t, err, app.CodeUnauthenticated)
	}
	_, err := w.SignIn(t.Context(), "ann@example.org", "wrong password", netip.MustParseAddr("2001:db8::ffff"))
	wantCode(t, err, app.CodeRateLimited)
	_, err = w.SignIn(t.Context(), "ann@example.org", "wrong password", netip.MustParseAddr("2001:db8:0:1::1"))
	wantCode(t, err, app.CodeUnauthenticated)
}

func TestNothingIsAllowedUncounted(t *testing.T) {
	pool, err := redisdb.Open(t.Context(), redisAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
	limiter := app.NewRateLimiter(pool, "test:")
	wantCode(t, limiter.Take(t.Context(), app.Limit{Key: "a", Max: 1, Window: time.Hour}), app.CodeUnavailable)
}
