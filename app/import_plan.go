package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// ImportFile is a file that was found.
type ImportFile struct {
	Path     string // below the folder, with slashes
	Bytes    int64
	Modified time.Time
}

func (f ImportFile) name() string { return path.Base(f.Path) }

// ImportPlan is what a folder holds.
type ImportPlan struct {
	Dir        string
	Files      []ImportFile // in the order of their paths
	Bytes      int64        // of all files
	Skipped    map[ImportSkip]int
	Unreadable []Imported // folders and files that could not even be looked at
}

// ImportSkip says why something was passed over.
type ImportSkip string

// What is passed over. None of it is ever a photo that somebody took.
const (
	SkipHidden  ImportSkip = "hidden"        // names that begin with a dot
	SkipSystem  ImportSkip = "system"        // what operating systems and storage boxes leave behind
	SkipSymlink ImportSkip = "symbolic link" // would bring a file in twice, or lead out of the folder
	SkipSpecial ImportSkip = "special"       // pipes, sockets and devices
)

// systemNames are compared in lower case.
var systemNames = map[string]bool{
	"@eadir": true, "#recycle": true, "$recycle.bin": true, "system volume information": true, "lost+found": true,
	"thumbs.db": true, "ehthumbs.db": true, "desktop.ini": true, "__macosx": true, "picasa.ini": true,
}

// PlanImport walks a folder of this machine, without following links out of it
// or inside it. The error is about the folder itself.
func PlanImport(ctx context.Context, dir string) (ImportPlan, error) {
	plan := ImportPlan{Dir: dir, Skipped: map[ImportSkip]int{}}
	info, err := os.Stat(dir)
	if err != nil {
		return plan, fmt.Errorf("open the folder: %w", err)
	}
	if !info.IsDir() {
		return plan, fmt.Errorf("%s is not a folder", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return plan, fmt.Errorf("open the folder: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(p string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if p == "." {
				return err
			}
			plan.unreadable(p, err)
			return nil
		}
		return plan.visit(p, entry)
	})
	if err != nil {
		return plan, fmt.Errorf("walk the folder: %w", err)
	}
	return plan, nil
}

func (p *ImportPlan) unreadable(path string, err error) {
	p.Unreadable = append(p.Unreadable, Imported{File: ImportFile{Path: path}, Outcome: ImportFailed, Err: err})
}

func (p *ImportPlan) visit(path string, entry fs.DirEntry) error {
	if path == "." {
		return nil
	}
	if why := skipped(entry); why != "" {
		p.Skipped[why]++
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if entry.IsDir() {
		return nil
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed meanwhile
	}
	if err != nil {
		p.unreadable(path, err)
		return nil
	}
	p.Files = append(p.Files, ImportFile{Path: path, Bytes: info.Size(), Modified: info.ModTime()})
	p.Bytes += info.Size()
	return nil
}

func skipped(entry fs.DirEntry) ImportSkip {
	switch name := entry.Name(); {
	case strings.HasPrefix(name, "."):
		return SkipHidden
	case systemNames[strings.ToLower(name)]:
		return SkipSystem
	case entry.Type()&fs.ModeSymlink != 0:
		return SkipSymlink
	case !entry.IsDir() && !entry.Type().IsRegular():
		return SkipSpecial
	}
	return ""
}
