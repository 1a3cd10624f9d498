package app

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"albumen/archive"
	"albumen/db"
)

// maxReadTwice is the size up to which a file is read once for its checksum and
// then again: its entry then says size and checksum in front, which every reader
// understands, and a file that cannot be read is found before its entry begins.
const maxReadTwice = 64 << 20

// WriteTo writes the whole archive to w and returns its size. Rights are asked for
// again before each item; what is not given (any more), missing or cannot be
// stripped is named in NOT-INCLUDED.txt, and the rest goes on. An error means that
// what was written is no archive.
func (ar *Archive) WriteTo(ctx context.Context, w io.Writer) (int64, error) {
	out := &countingWriter{w: w, ctx: ctx}
	z := zip.NewWriter(out)
	for _, e := range ar.entries {
		reason, err := ar.add(ctx, z, e)
		if err != nil {
			return out.n, err
		}
		if reason != "" {
			name := e.name
			if ar.strip {
				name = e.folder.Like(name)
			}
			ar.lacks = append(ar.lacks, name+": "+reason)
		}
	}
	if len(ar.lacks) > 0 {
		if err := ar.addNotIncluded(z); err != nil {
			return out.n, err
		}
	}
	if err := z.Close(); err != nil {
		return out.n, fmt.Errorf("end an archive: %w", err)
	}
	if ar.Bytes >= 0 && out.n != ar.Bytes {
		return out.n, fmt.Errorf("an archive of %d bytes was announced with %d", out.n, ar.Bytes)
	}
	return out.n, nil
}

// add writes one item, or says why it is not written.
func (ar *Archive) add(ctx context.Context, z *zip.Writer, e archiveEntry) (reason string, err error) {
	row, err := ar.app.db.ArchiveItem(ctx, db.ArchiveItemParams{
		ID: e.id, AlbumID: e.album, Subjects: ar.actor.Subjects(), UserID: ar.actor.UserID(), Now: ar.app.now(),
	})
	if err != nil && !db.IsNotFound(err) {
		return "", fmt.Errorf("load the original of %s: %w", e.id, err)
	}
	if err != nil || !row.Listed || ar.actor.allowOn(DownloadMedia, "photo", roleOf(row.Role), false) != nil {
		return "no longer in this album", nil
	}
	o := Object{Bytes: row.Bytes, store: ar.app.storage, key: row.StorageKey}
	if ar.strip {
		if o, err = ar.app.StrippedOriginal(ctx, ar.actor, e.id); err != nil {
			return ar.omit(ctx, e, err, "no copy without metadata could be made")
		}
		e.name = e.folder.Name(o.Filename)
	} else if o.Bytes != e.bytes {
		return "changed meanwhile", nil
	}
	r, err := o.Open(ctx)
	if err != nil {
		return ar.omit(ctx, e, err, "the file is missing from the storage")
	}
	defer r.Close() //nolint:errcheck // it was only read
	h := archive.Header(e.name, e.taken)
	unreadable, err := putStored(z, h, r, o.Bytes)
	if unreadable != nil {
		return ar.omit(ctx, e, unreadable, "the file cannot be read")
	}
	if err != nil {
		return "", fmt.Errorf("%w of %s", err, e.id)
	}
	ar.written.Add(h, o.Bytes, o.Bytes > maxReadTwice)
	return "", nil
}

// putStored writes a file as it is. unreadable: nothing of it was written.
func putStored(z *zip.Writer, h *zip.FileHeader, r io.ReadSeeker, bytes int64) (unreadable, err error) {
	var entry io.Writer
	if bytes <= maxReadTwice {
		sum := crc32.NewIEEE()
		if n, err := io.Copy(sum, r); err != nil || n != bytes {
			return errors.Join(err, fmt.Errorf("%d of %d bytes", n, bytes)), nil
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return err, nil
		}
		h.CRC32, h.CompressedSize64, h.UncompressedSize64 = sum.Sum32(), uint64(bytes), uint64(bytes)
		entry, err = z.CreateRaw(h)
	} else {
		entry, err = z.CreateHeader(h)
	}
	if err != nil {
		return nil, fmt.Errorf("begin an entry: %w", err)
	}
	if n, err := io.Copy(entry, r); err != nil || n != bytes {
		return nil, errors.Join(err, fmt.Errorf("wrote %d of %d bytes", n, bytes))
	}
	return nil, nil
}

// omit is the reason for an item that cannot be read; the end of the download is
// none.
func (ar *Archive) omit(ctx context.Context, e archiveEntry, err error, reason string) (string, error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	ar.app.log.WarnContext(ctx, "an archive leaves out an item", "media", e.id, "error", err)
	return reason, nil
}

// addNotIncluded writes what is missing. Where a size was announced, blank lines
// take the place of what was left out.
func (ar *Archive) addNotIncluded(z *zip.Writer) error {
	text := "Not in this archive:\r\n\r\n" + strings.Join(ar.lacks, "\r\n") + "\r\n"
	h := archive.Header(notIncluded, ar.app.now())
	bytes := int64(len(text))
	if ar.Bytes >= 0 {
		for range 4 { // a larger size may itself take more room
			all := ar.written
			all.Add(h, bytes, true)
			bytes += ar.Bytes - all.Total()
		}
		if bytes < 0 { // the place of some tiny file takes no entry, but a comment
			place := int(ar.Bytes - ar.written.Total())
			return z.SetComment((text + strings.Repeat("\n", place))[:place])
		}
		text = text[:min(int64(len(text)), bytes)]
	}
	entry, err := z.CreateHeader(h)
	if err != nil {
		return fmt.Errorf("begin an entry: %w", err)
	}
	if _, err := io.Copy(entry, io.LimitReader(io.MultiReader(strings.NewReader(text), blankLines{}), bytes)); err != nil {
		return fmt.Errorf("write an archive: %w", err)
	}
	return nil
}

type blankLines struct{}

func (blankLines) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '\n'
	}
	return len(b), nil
}

// countingWriter counts, and fails when ctx ends.
type countingWriter struct {
	ctx context.Context
	w   io.Writer
	n   int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
