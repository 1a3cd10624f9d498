//go:build lighthouse

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// least is the score, of 100, that every page must reach.
const least = 95

// report is what we read of Lighthouse's.
type report struct {
	LighthouseVersion string `json:"lighthouseVersion"`
	Environment       struct {
		HostUserAgent string `json:"hostUserAgent"`
	} `json:"environment"`
	Categories map[string]struct {
		Score     float64 `json:"score"`
		AuditRefs []struct {
			ID     string  `json:"id"`
			Weight float64 `json:"weight"`
		} `json:"auditRefs"`
	} `json:"categories"`
	Audits map[string]struct {
		Title        string   `json:"title"`
		Score        *float64 `json:"score"`
		DisplayValue string   `json:"displayValue"`
	} `json:"audits"`
}

var categories = []string{"performance", "accessibility", "best-practices"}

// Prints Lighthouse's scores and fails below 95. scripts/lighthouse runs it:
// ALBUMEN_PHOTOS is the folder with the sample photographs.
func TestLighthouse(t *testing.T) {
	photos := os.Getenv("ALBUMEN_PHOTOS")
	files, err := filepath.Glob(filepath.Join(photos, "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Fatal("run scripts/lighthouse, which brings the photographs")
	}
	i := start(t)
	b := i.open(true)
	b.signIn()
	id := b.furnish(photos, len(files))
	b.close()

	headers := filepath.Join(t.TempDir(), "headers.json")
	cookie, err := json.Marshal(map[string]string{"Cookie": i.cookie(t)})
	if err == nil {
		err = os.WriteFile(headers, cookie, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	browse(t, port)
	fmt.Printf("%-10s %-8s %12s %14s %15s   %s\n", "page", "form", "performance", "accessibility", "best practices", "largest paint, layout shift, blocked")
	var version string
	for _, p := range []page{{name: "sign-in", path: "/login"}, {name: "timeline", path: "/timeline"}, {name: "viewer", path: "/media/" + id}, {name: "search", path: "/search?q=flower"}} {
		for _, form := range []string{"phone", "desktop"} {
			args := []string{i.url + p.path}
			if p.name != "sign-in" {
				args = append(args, "--extra-headers", headers)
			}
			if form == "desktop" {
				args = append(args, "--preset", "desktop")
			}
			r := lighthouse(t, port, args...)
			version = r.LighthouseVersion + ", " + r.Environment.HostUserAgent
			fmt.Printf("%-10s %-8s", p.name, form)
			for n, c := range categories {
				score := r.Categories[c].Score * 100
				fmt.Printf(" %*.0f", []int{12, 14, 15}[n], score)
				if score < least {
					t.Errorf("%s, %s: %s is %.0f, at least %d is asked:", p.name, form, c, score, least)
				}
				for _, ref := range r.Categories[c].AuditRefs {
					if a := r.Audits[ref.ID]; ref.Weight > 0 && a.Score != nil && *a.Score < .9 {
						t.Logf("%s, %s, %s: %s (%s) %s", p.name, form, c, a.Title, ref.ID, a.DisplayValue)
					}
				}
			}
			fmt.Printf("   %s, %s, %s\n", r.Audits["largest-contentful-paint"].DisplayValue, r.Audits["cumulative-layout-shift"].DisplayValue, r.Audits["total-blocking-time"].DisplayValue)
		}
	}
	fmt.Println("Lighthouse", version)
}

// browse starts a Chromium that Lighthouse can talk to; its own launcher does
// not get along with every version.
func browse(t *testing.T, port int) {
	t.Helper()
	args := []string{"--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--disable-component-update", "--disable-background-networking", "--disable-sync", "--no-first-run",
		"--remote-debugging-port=" + strconv.Itoa(port), "--user-data-dir=" + t.TempDir(), "about:blank"}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.Command(chromium(t), args...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended already
		cmd.Wait()                          //nolint:errcheck // ended by a signal
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/json/version", port))
		if err == nil {
			resp.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("Chromium does not answer: %v", err)
		}
	}
}

// lighthouse runs it in the Chromium that listens at the port.
func lighthouse(t *testing.T, port int, args ...string) report {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	args = append(args, "--quiet", "--output", "json", "--output-path", out, "--only-categories", strings.Join(categories, ","), "--port", strconv.Itoa(port))
	// Now and then a trace of a newer Chromium lacks its beginning (NO_NAVSTART).
	for attempt := 1; ; attempt++ {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		said, err := exec.CommandContext(ctx, "../node_modules/.bin/lighthouse", args...).CombinedOutput()
		cancel()
		if err == nil {
			break
		}
		if attempt == 3 {
			t.Fatalf("lighthouse: %v\n%s", err, said)
		}
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// cookie signs the administrator in and returns the session as a Cookie header.
func (i *instance) cookie(t *testing.T) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: jar}
	resp, err := client.PostForm(i.url+"/login", url.Values{"email": {adminEmail}, "password": {adminPassword}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	site, err := url.Parse(i.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range jar.Cookies(site) {
		return c.Name + "=" + c.Value
	}
	t.Fatal("signing in gave no cookie")
	return ""
}
