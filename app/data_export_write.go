package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"albumen/archive"
	"albumen/db"
)

// exportPage is how many items one page and one file of JSON hold; no more of
// them is in memory at a time.
const exportPage = 200

// exportWriter writes the copy of one person's data. What it keeps grows by the
// names of the files only.
type exportWriter struct {
	app     *App
	user    db.User
	reader  context.Context // the person's language and time zone, for what people read
	z       *zip.Writer
	top     *archive.Folder
	months  map[string]*archive.Folder
	pages   []exportLink
	lacks   []string
	done    atomic.Int32
	started time.Time
}

func newExportWriter(a *App, user db.User) *exportWriter {
	return &exportWriter{
		app: a, user: user, reader: a.readerOf(context.Background(), user), top: archive.NewFolder(), months: map[string]*archive.Folder{}, started: a.now(),
	}
}

// writeExport streams the zip into the storage under key.
func (a *App) writeExport(ctx context.Context, row db.DataExport, key string, w *exportWriter) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	beats := make(chan struct{})
	go func() {
		defer close(beats)
		a.beatExport(ctx, row, key, w, cancel)
	}()
	r, pipe := io.Pipe()
	go func() { pipe.CloseWithError(w.write(ctx, pipe)) }()
	n, err := a.storage.Put(ctx, key, r)
	_ = r.CloseWithError(errors.New("the storage takes no more")) // ends the writer where the storage failed
	if err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	cancel(nil)
	<-beats
	return n, err
}

// beatExport says that the worker lives, and how far it is, until ctx ends.
func (a *App) beatExport(ctx context.Context, row db.DataExport, key string, w *exportWriter, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(exportBeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		n, err := a.db.KeepDataExport(ctx, db.KeepDataExportParams{ID: row.ID, Attempts: row.Attempts, Done: w.done.Load(), LeaseUntil: a.now().Add(exportLease)})
		switch {
		case err != nil:
			a.log.WarnContext(ctx, "could not say that a copy is being made", "export", row.ID, "error", err)
		case n == 0:
			lost(errExportLost)
			return
		default:
			if err := a.reserveObject(ctx, key); err != nil {
				a.log.WarnContext(ctx, "could not keep the object of a copy", "export", row.ID, "error", err)
			}
		}
	}
}

// write writes the whole zip. index.html comes last: it names the pages.
func (w *exportWriter) write(ctx context.Context, out io.Writer) error {
	w.z = zip.NewWriter(&countingWriter{ctx: ctx, w: out})
	for after := (uuid.UUID{}); ; {
		rows, err := w.app.db.ExportMedia(ctx, db.ExportMediaParams{OwnerID: w.user.ID, After: after, N: exportPage})
		if err != nil {
			return fmt.Errorf("list somebody's items: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		if err := w.page(ctx, rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].ID
	}
	counts, err := w.records(ctx)
	if err != nil {
		return err
	}
	if err := w.index(counts); err != nil {
		return err
	}
	if err := w.z.Close(); err != nil {
		return fmt.Errorf("end a copy: %w", err)
	}
	return nil
}

// page writes a stretch of items: their files, their facts as JSON, and a page
// that shows them.
func (w *exportWriter) page(ctx context.Context, rows []db.ExportMediaRow) error {
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	files, err := w.app.db.ExportFiles(ctx, ids)
	if err != nil {
		return fmt.Errorf("list the files of items: %w", err)
	}
	thumbs, err := w.app.db.ExportThumbs(ctx, ids)
	if err != nil {
		return fmt.Errorf("list the pictures of items: %w", err)
	}
	edits, err := w.app.db.ExportEdits(ctx, db.ExportEditsParams{UserID: w.user.ID, Ids: ids})
	if err != nil {
		return fmt.Errorf("list what was edited of items: %w", err)
	}
	items := make([]exportItem, len(rows))
	at := make(map[uuid.UUID]*exportItem, len(rows))
	for i, r := range rows {
		items[i] = exportItem{Title: r.Title, Taken: r.TakenAtLocal, Facts: r.Data, Favourite: r.Favourite}
		if r.Title == "" {
			items[i].Title = r.Filename
		}
		at[r.ID] = &items[i]
	}
	for _, e := range edits {
		at[e.MediaID].Edits = e.Edits
	}
	for _, f := range files {
		item := at[f.MediaID]
		name := w.month(item.Taken).Name(f.Filename)
		ok, err := w.file(ctx, name, item.Taken, f.StorageKey, f.Bytes)
		if err != nil {
			return err
		}
		if ok {
			item.Files = append(item.Files, name)
		}
	}
	for _, t := range thumbs {
		item := at[t.MediaID]
		name := "thumbs/" + t.MediaID.String() + ".webp"
		ok, err := w.file(ctx, name, item.Taken, t.StorageKey, t.Bytes)
		if err != nil {
			return err
		}
		if ok {
			item.Thumb = name
		}
	}
	w.done.Add(int32(len(rows)))
	return w.showPage(items)
}

// month is the folder of the files of a month.
func (w *exportWriter) month(taken time.Time) *archive.Folder {
	key := taken.Format("2006-01")
	if w.months[key] == nil {
		if w.months[""] == nil {
			w.months[""] = w.top.Folder("originals")
		}
		w.months[key] = w.months[""].Folder(key)
	}
	return w.months[key]
}

// file copies an object into the zip. One that cannot be read is named in the
// index; the rest goes on.
func (w *exportWriter) file(ctx context.Context, name string, taken time.Time, key string, size int64) (bool, error) {
	lack := func(err error) (bool, error) {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		w.app.log.WarnContext(ctx, "a copy of somebody's data lacks a file", "key", key, "error", err)
		w.lacks = append(w.lacks, name)
		return false, nil
	}
	r, err := Object{Bytes: size, store: w.app.storage, key: key}.Open(ctx)
	if err != nil {
		return lack(err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	unreadable, err := putStored(w.z, archive.Header(name, taken), r, size)
	if unreadable != nil {
		return lack(unreadable)
	}
	return err == nil, err
}

// jsonFile writes rows, each a JSON object, as one list. next gives them in
// stretches; the last one is empty.
func (w *exportWriter) jsonFile(name string, next func() ([][]byte, error)) (int, error) {
	entry, err := w.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.started})
	if err != nil {
		return 0, fmt.Errorf("begin an entry: %w", err)
	}
	n, sep := 0, "[\n"
	for {
		rows, err := next()
		if err != nil {
			return n, fmt.Errorf("read what goes into %s: %w", name, err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			var text bytes.Buffer
			text.WriteString(sep)
			if err := json.Indent(&text, row, "  ", "  "); err != nil {
				return n, fmt.Errorf("write %s: %w", name, err)
			}
			if _, err := entry.Write(text.Bytes()); err != nil {
				return n, fmt.Errorf("write %s: %w", name, err)
			}
			n, sep = n+1, ",\n"
		}
	}
	end := "\n]\n"
	if n == 0 {
		end = "[]\n"
	}
	_, err = io.WriteString(entry, end)
	return n, wrap(err, "write "+name)
}

// once gives all rows in one stretch.
func once(rows [][]byte, err error) func() ([][]byte, error) {
	return func() ([][]byte, error) {
		now := rows
		rows = nil
		return now, err
	}
}

// records writes everything that is not an item, and returns how many of each
// there are, in order.
func (w *exportWriter) records(ctx context.Context) ([]exportCount, error) {
	q, id := w.app.db.Queries, w.user.ID
	var favourites uuid.UUID
	var activity int64
	var edits db.ExportEditsElsewhereRow
	lists := []struct {
		name string
		next func() ([][]byte, error)
	}{
		{"account", once(q.ExportAccount(ctx, id))}, {"albums", once(q.ExportAlbums(ctx, id))},
		{"memberships", once(q.ExportMemberships(ctx, id))}, {"groups", once(q.ExportGroups(ctx, id))},
		{"links", once(q.ExportLinks(ctx, id))}, {"tokens", once(q.ExportTokens(ctx, id))}, {"sessions", once(q.ExportSessions(ctx, id))},
		{"invitations", once(q.ExportInvitations(ctx, db.ExportInvitationsParams{UserID: id, Email: w.user.Email}))},
		{"mails", once(q.ExportMails(ctx, id))}, {"sign_in", once(q.ExportFactors(ctx, id))}, {"policies", once(q.ExportAcceptances(ctx, id))},
		{"reports", once(q.ExportReports(ctx, db.ExportReportsParams{UserID: id, Email: w.user.Email}))},
		{"messages", once(q.ExportContactMessages(ctx, db.ExportContactMessagesParams{UserID: id, Email: w.user.Email}))},
		{"favourites", func() (out [][]byte, err error) {
			rows, err := q.ExportFavourites(ctx, db.ExportFavouritesParams{UserID: id, After: favourites, N: exportPage})
			for _, r := range rows {
				out, favourites = append(out, r.Data), r.MediaID
			}
			return out, err
		}},
		{"edits", func() (out [][]byte, err error) {
			rows, err := q.ExportEditsElsewhere(ctx, db.ExportEditsElsewhereParams{
				UserID: id, OperationID: edits.OperationID, MediaID: edits.MediaID, Field: edits.Field, N: exportPage,
			})
			for _, r := range rows {
				out, edits = append(out, r.Data), r
			}
			return out, err
		}},
		{"activity", func() (out [][]byte, err error) {
			rows, err := q.ExportActivity(ctx, db.ExportActivityParams{UserID: id, After: activity, N: exportPage})
			for _, r := range rows {
				out, activity = append(out, r.Data), r.ID
			}
			return out, err
		}},
	}
	var counts []exportCount
	for _, l := range lists {
		file := "data/" + l.name + ".json"
		n, err := w.jsonFile(file, l.next)
		if err != nil {
			return nil, err
		}
		counts = append(counts, exportCount{Name: l.name, File: file, N: n})
	}
	if w.user.AvatarKey != nil {
		if info, err := w.app.storage.Stat(ctx, *w.user.AvatarKey); err == nil {
			if _, err := w.file(ctx, "avatar.webp", w.started, *w.user.AvatarKey, info.Bytes); err != nil {
				return nil, err
			}
		}
	}
	return counts, nil
}
