package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/archive"
	"albumen/db"
)

const (
	// archivePage is how many items are loaded at a time.
	archivePage = 500
	// archivesAtOnce is how many archives one actor may fetch from one process at
	// the same time, and archivesAnHour how many it may begin in all.
	archivesAtOnce = 2
	archivesAnHour = 60
	// notIncluded is the entry that names what an archive lacks.
	notIncluded = "NOT-INCLUDED.txt"
)

// Archive is an album with the albums below it, ready to be sent as one zip. The
// caller closes it.
type Archive struct {
	Filename string // harmless, with its ending
	// Bytes is the exact size, or -1 where it is known only in the end.
	Bytes int64

	app     *App
	actor   Actor
	strip   bool
	entries []archiveEntry
	lacks   []string // lines for notIncluded
	written archive.Size
	done    func()
}

// archiveEntry is one file of an archive.
type archiveEntry struct {
	id, album uuid.UUID
	folder    *archive.Folder
	name      string // its path; of copies, which may get others, that of the original
	bytes     int64  // of the original
	taken     time.Time
}

// AlbumArchive prepares the download of an album: its items in their order, and
// the albums below it as folders. CodeNotFound when the actor may not see the
// album, CodeForbidden when it may not download it, CodeRateLimited when others of
// its downloads are still running. Nothing is read of the files yet.
func (a *App) AlbumArchive(ctx context.Context, actor Actor, id uuid.UUID) (*Archive, error) {
	album, _, err := a.authorizeAlbum(ctx, actor, DownloadAlbum, id)
	if err != nil {
		return nil, err
	}
	who := archiver(ctx, actor)
	if a.attempts != nil {
		if err := a.attempts.Take(ctx, Limit{Key: "archive " + who, Max: archivesAnHour, Window: time.Hour}); err != nil {
			return nil, err
		}
	}
	done, ok := a.archives.enter(who)
	if !ok {
		return nil, &Error{Code: CodeRateLimited, Key: "error.archives", Args: map[string]any{"Seconds": 30, "Minutes": 1}}
	}
	ar := &Archive{Filename: archive.Name(album.Title, archive.MaxName) + ".zip", app: a, actor: actor, done: done, strip: actor.link != nil && actor.link.Strip}
	if err := ar.plan(ctx, album); err != nil {
		done()
		return nil, err
	}
	ar.Bytes = ar.size()
	return ar, nil
}

// Close lets the actor begin another download.
func (ar *Archive) Close() { ar.done() }

// archiver is who is counted: a person; else whoever comes from one network, for
// each share link apart.
func archiver(ctx context.Context, actor Actor) string {
	if actor.SignedIn() {
		return actor.UserID().String()
	}
	who := origin(OriginOf(ctx).Addr)
	if actor.link != nil {
		who += " " + actor.link.ID.String()
	}
	return who
}

// plan notes what goes into the archive: names, sizes and dates, some 200 bytes an
// item. What is taken away later is left out when its turn comes, and what is added
// later does not get in.
func (ar *Archive) plan(ctx context.Context, top db.Album) error {
	albums, err := ar.app.db.ArchiveAlbums(ctx, db.ArchiveAlbumsParams{ID: top.ID, Subjects: ar.actor.Subjects()})
	if err != nil {
		return fmt.Errorf("list the albums below %s: %w", top.ID, err)
	}
	folders := map[uuid.UUID]*archive.Folder{}
	for _, al := range albums {
		if al.ID == top.ID {
			folders[al.ID] = archive.NewFolder(notIncluded)
		} else {
			folders[al.ID] = folders[*al.ParentID].Folder(al.Title)
		}
	}
	for _, al := range albums {
		if err := ar.planAlbum(ctx, db.Album{ID: al.ID, Sort: al.Sort}, folders[al.ID]); err != nil {
			return err
		}
	}
	return nil
}

func (ar *Archive) planAlbum(ctx context.Context, album db.Album, folder *archive.Folder) error {
	f, _, err := albumFilter(ar.actor, album, Filter{})
	if err != nil {
		return err
	}
	w := db.Window{Limit: archivePage}
	for {
		rows, err := ar.app.db.ListItems(ctx, f, w)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		ids := make([]uuid.UUID, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		facts, err := ar.app.db.ArchiveFacts(ctx, ids)
		if err != nil {
			return fmt.Errorf("load the files of album %s: %w", album.ID, err)
		}
		files := make(map[uuid.UUID]db.ArchiveFactsRow, len(facts))
		for _, fact := range facts {
			files[fact.ID] = fact
		}
		for _, r := range rows {
			fact, ok := files[r.ID]
			if !ok {
				continue // deleted in between
			}
			e := archiveEntry{id: r.ID, album: album.ID, folder: folder, bytes: fact.Bytes, taken: inZone(fact.TakenAt, r.TakenAtLocal)}
			e.name = r.Filename
			if !ar.strip {
				e.name = folder.Name(r.Filename)
			}
			ar.entries = append(ar.entries, e)
		}
		if len(rows) < archivePage {
			return nil
		}
		last := f.KeyOf(rows[len(rows)-1])
		w.Before = &last
	}
}

// size is the exact size of the archive where nothing will be left out.
func (ar *Archive) size() int64 {
	if ar.strip {
		return -1
	}
	var s archive.Size
	for _, e := range ar.entries {
		s.Add(archive.Header(e.name, e.taken), e.bytes, e.bytes > maxReadTwice)
	}
	return s.Total()
}

// inZone is the instant, in the zone in which clocks showed local.
func inZone(at, local time.Time) time.Time {
	offset := local.UTC().Sub(at.UTC()).Round(time.Minute)
	if offset < -24*time.Hour || offset > 24*time.Hour {
		return local.UTC()
	}
	return at.In(time.FixedZone("", int(offset/time.Second)))
}
