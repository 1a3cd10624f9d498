package app_test

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"albumen/app"
)

func TestWeakPasswordsAreRefusedWithWhatHelps(t *testing.T) {
	w := newAccounts(t)
	for password, want := range map[string]string{
		"password12345":       "error.password_common",
		"aaaaaaaaaaaaaaa":     "error.password_repeats",
		"qwertzuiop12":        "error.password_common",
		"abcdefghijklm":       "error.password_keys",
		"03.07.1985":          "error.password_date",
		"Rosalind.Fr":         "error.password_personal",
		"rosalind@example":    "error.password_personal",
		"ROSALIND FRANKLIN":   "error.password_personal",
		"albumen2024":         "error.password_personal",
		"tr8-zmqv-l":          "",
		goodPassword:          "",
		"Zwölf Boxkämpfer am": "",
	} {
		_, err := w.CreateUser(t.Context(), app.SystemActor(), app.NewUser{
			Email: "rosalind@example.org", Name: "Rosalind Franklin", Password: password,
		})
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", password, err)
			}
			if _, err := w.db.Exec(t.Context(), "DELETE FROM users"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if e := wantCode(t, err, app.CodeInvalid); e.Fields["password"] != want {
			t.Errorf("%q: %v, want %s", password, e.Fields, want)
		}
	}
}

func sha1Of(password string) string { return fmt.Sprintf("%X", sha1.Sum([]byte(password))) }

func TestBreachedPasswordsAreRefused(t *testing.T) {
	w := newAccounts(t)
	u := w.user("ann@example.org", false)
	var lines []string
	for i := range 2000 {
		lines = append(lines, fmt.Sprintf("%s:%d", sha1Of(fmt.Sprint("filler ", i)), i))
	}
	first, last := "the first of all leaked ones", "zebra crossing umbrella"
	lines = append(lines, sha1Of("correct horse leaked")+":3", sha1Of("cut short to a prefix")[:16])
	slices.Sort(lines)
	list := filepath.Join(t.TempDir(), "breached-passwords.txt")
	write := func(lines []string, end string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(strings.Join(lines, "\n")+end), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app.UseBreachedPasswords(w.App, list)
	try := func(password string) error {
		return w.ResetPassword(t.Context(), app.SystemActor(), u.ID, password)
	}
	check := func(on bool) {
		t.Helper()
		s := app.DefaultSiteSettings()
		s.BreachedCheck = on
		if _, err := w.UpdateSiteSettings(t.Context(), app.SystemActor(), s); err != nil {
			t.Fatal(err)
		}
	}
	check(true)
	if err := try("correct horse leaked"); err != nil {
		t.Errorf("without a list: %v", err)
	}
	for _, end := range []string{"\n", ""} { // with and without a line feed at the end
		write(lines, end)
		for _, password := range []string{"correct horse leaked", "cut short to a prefix"} {
			if e := wantCode(t, try(password), app.CodeInvalid); e.Fields["password"] != "error.password_breached" {
				t.Errorf("%q: %v", password, e.Fields)
			}
		}
		if err := try("correct horse not leaked"); err != nil {
			t.Error(err)
		}
	}
	// The first and the last line, and a file with one line.
	for _, one := range []string{first, last} {
		write([]string{sha1Of(one)}, "\n")
		if e := wantCode(t, try(one), app.CodeInvalid); e.Fields["password"] != "error.password_breached" {
			t.Errorf("%q: %v", one, e.Fields)
		}
	}
	write([]string{"no hash at all, but some text"}, "\n")
	if err := try(goodPassword); app.CodeOf(err) != app.CodeInternal {
		t.Errorf("a file that is no list: %v", err)
	}
	check(false)
	if err := try(first); err != nil {
		t.Errorf("switched off: %v", err)
	}
}

// Every hash of a list is found, whatever its place, and none beside them.
func TestBreachedListIsSearchedWhole(t *testing.T) {
	var lines []string
	for i := range 500 {
		lines = append(lines, sha1Of(fmt.Sprint(i))+":"+strings.Repeat("9", i%12))
	}
	slices.Sort(lines)
	list := filepath.Join(t.TempDir(), "list")
	for n := range 40 { // lists of many lengths
		if err := os.WriteFile(list, []byte(strings.Join(lines[:len(lines)-n*12], "\r\n")+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		kept := map[string]bool{}
		for _, l := range lines[:len(lines)-n*12] {
			kept[l[:40]] = true
		}
		for i := range 520 {
			found, err := app.IsBreached(list, fmt.Sprint(i))
			if want := kept[sha1Of(fmt.Sprint(i))]; err != nil || found != want {
				t.Fatalf("list of %d lines, %d: %t, %v, want %t", len(kept), i, found, err, want)
			}
		}
	}
}
