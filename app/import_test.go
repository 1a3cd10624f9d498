package app_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"albumen/app"
)

// folder makes files, with their content by path.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// importAll imports dir and returns the outcomes by path.
func (w *world) importAll(actor app.Actor, dir string, dryRun bool) map[string]app.ImportOutcome {
	w.t.Helper()
	plan, err := app.PlanImport(w.t.Context(), dir)
	if err != nil {
		w.t.Fatal(err)
	}
	got := map[string]app.ImportOutcome{}
	err = w.ImportFolder(w.t.Context(), actor, app.Import{
		Folder: plan, DryRun: dryRun,
		Report: func(one app.Imported) {
			got[one.File.Path] = one.Outcome
			if bad := one.Outcome == app.ImportRefused || one.Outcome == app.ImportFailed; bad != (one.Err != nil) {
				w.t.Errorf("%s: %s with error %v", one.File.Path, one.Outcome, one.Err)
			}
		},
		Waiting: func(err error) { w.t.Errorf("a part is away: %v", err) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func wantOutcomes(t *testing.T, got map[string]app.ImportOutcome, want map[string]app.ImportOutcome) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestImportingTwiceIsImportingOnce(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("ada"))
	dir := folder(t, map[string]string{
		"a.png": png("a"), "2024/b.png": png("b"), "2024/copy of a.png": png("a"), "notes.txt": "just some words", "empty.jpg": "", "page.jpg": "<html><body>no</body></html>",
	})
	taken := time.Date(2019, 3, 2, 1, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "a.png"), taken, taken); err != nil {
		t.Fatal(err)
	}
	first := map[string]app.ImportOutcome{
		"2024/b.png": app.ImportCreated, "2024/copy of a.png": app.ImportCreated, "a.png": app.ImportDuplicate,
		"notes.txt": app.ImportRefused, "empty.jpg": app.ImportRefused, "page.jpg": app.ImportRefused,
	}
	wantOutcomes(t, w.importAll(actor, dir, true), first)
	if n := w.count("SELECT count(*) FROM media"); n != 0 || len(w.objects()) != 0 {
		t.Fatalf("a dry run stored %d items and %d objects", n, len(w.objects()))
	}
	wantOutcomes(t, w.importAll(actor, dir, false), first)
	first["2024/b.png"], first["2024/copy of a.png"] = app.ImportDuplicate, app.ImportDuplicate
	wantOutcomes(t, w.importAll(actor, dir, false), first)
	wantOutcomes(t, w.importAll(actor, dir, true), first)
	if n := w.count("SELECT count(*) FROM media"); n != 2 || len(w.objects()) != 2 {
		t.Errorf("after two imports: %d items and %d objects, want 2 and 2", n, len(w.objects()))
	}

	// The file's time stamp is the date of what has none inside.
	w.exec("DELETE FROM media")
	w.importAll(actor, folder(t, map[string]string{}), false)
	if err := os.Remove(filepath.Join(dir, "2024", "copy of a.png")); err != nil {
		t.Fatal(err)
	}
	w.importAll(actor, dir, false)
	if n := w.count("SELECT count(*) FROM media WHERE filename = 'a.png' AND taken_at = $1 AND taken_at_source = 'file_mtime'", taken); n != 1 {
		t.Error("the time stamp of a.png was not kept")
	}
}

func TestImportingTakesBackFromTheTrash(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("ada"))
	dir := folder(t, map[string]string{"a.png": png("a")})
	w.importAll(actor, dir, false)
	w.exec("UPDATE media SET trashed_at = now()")
	want := map[string]app.ImportOutcome{"a.png": app.ImportRestored}
	wantOutcomes(t, w.importAll(actor, dir, true), want)
	if n := w.count("SELECT count(*) FROM media WHERE trashed_at IS NOT NULL"); n != 1 {
		t.Fatal("a dry run took the item out of the trash")
	}
	wantOutcomes(t, w.importAll(actor, dir, false), want)
	if n := w.count("SELECT count(*) FROM media WHERE trashed_at IS NULL"); n != 1 {
		t.Error("the item is still in the trash")
	}
}

func TestPlanPassesOverWhatIsNoPhoto(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.jpg": "a", ".hidden.jpg": "h", ".git/x.jpg": "x", "sub/@eaDir/a.jpg": "e", "sub/Thumbs.db": "t", "sub/b.jpg": "bb", "DESKTOP.INI": "d",
	})
	outside := folder(t, map[string]string{"secret.jpg": "s"})
	for name, target := range map[string]string{"out": outside, "loop": dir, "twice.jpg": filepath.Join(dir, "a.jpg"), "dead": "/nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := app.PlanImport(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range plan.Files {
		paths = append(paths, f.Path)
	}
	if want := []string{"a.jpg", "sub/b.jpg"}; !reflect.DeepEqual(paths, want) || plan.Bytes != 3 {
		t.Errorf("found %v (%d bytes), want %v", paths, plan.Bytes, want)
	}
	want := map[app.ImportSkip]int{app.SkipHidden: 2, app.SkipSystem: 3, app.SkipSymlink: 4}
	if !reflect.DeepEqual(plan.Skipped, want) {
		t.Errorf("passed over %v, want %v", plan.Skipped, want)
	}
	if _, err := app.PlanImport(t.Context(), filepath.Join(dir, "a.jpg")); err == nil {
		t.Error("a file was taken for a folder")
	}
	if _, err := app.PlanImport(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestAFileThatVanishesFailsAlone(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("ada"))
	dir := folder(t, map[string]string{"a.png": png("a"), "b.png": png("b"), "c.png": png("c")})
	plan, err := app.PlanImport(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.png"), []byte(png("longer than before")), 0o644); err != nil {
		t.Fatal(err)
	}
	got := ""
	if err := w.ImportFolder(t.Context(), actor, app.Import{Folder: plan, Report: func(one app.Imported) {
		got += fmt.Sprintf("%s %s\n", one.File.Path, one.Outcome)
	}, Waiting: func(err error) { t.Errorf("a part is away: %v", err) }}); err != nil {
		t.Fatal(err)
	}
	if want := "a.png failed\nb.png failed\nc.png created\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if n := len(w.objects()); n != 1 {
		t.Errorf("%d objects are stored, want 1", n)
	}
}

func TestImportNeedsTheRightToAdd(t *testing.T) {
	w := newStored(t)
	owner := w.user("ada")
	for name, actor := range map[string]app.Actor{
		"nobody": {}, "the system": app.SystemActor(), "a token to read": app.TokenActor(owner, []app.Scope{app.ScopeMediaRead}),
	} {
		err := w.ImportFolder(t.Context(), actor, app.Import{Folder: app.ImportPlan{Dir: t.TempDir()}})
		if c := app.CodeOf(err); c != app.CodeUnauthenticated && c != app.CodeForbidden {
			t.Errorf("as %s: %v", name, err)
		}
	}
}
