package media

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// heifItems are the kinds of items that make a picture.
var heifItems = map[string]bool{"hvc1": true, "av01": true, "avc1": true, "jpeg": true, "grid": true, "iovl": true, "iden": true}

// heifProperties are the properties of an item that its picture needs.
var heifProperties = map[string]bool{
	"ispe": true, "pixi": true, "colr": true, "irot": true, "imir": true, "clap": true, "pasp": true, "auxC": true,
	"hvcC": true, "av1C": true, "avcC": true, "jpgC": true, "a1op": true, "a1lx": true, "lsel": true, "clli": true, "mdcv": true, "cclv": true,
}

// heif is what the meta box of a HEIF or AVIF says of the picture in it.
type heif struct {
	ftyp    []byte
	primary uint32
	items   []heifItem // in the order of the file
	refs    []heifRef
	props   []box
	idat    []byte
}

type heifItem struct {
	id      uint32
	kind    string
	hidden  bool
	inIdat  bool
	extents [][2]int64 // offset, length
	props   []uint16   // index in props from 1; the high bit says that it is essential
}

type heifRef struct {
	kind string
	from uint32
	to   []uint32
}

// stripHEIF writes the primary picture of a HEIF or AVIF anew: its coded parts
// byte for byte, and what is needed to show them. Thumbnails, depth and gain maps,
// EXIF, XMP and other pictures are left out. Sequences are not for it.
func stripHEIF(ctx context.Context, path, to string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	defer in.Close()
	h, err := readHEIF(in)
	if err != nil {
		return err
	}
	if err := h.reduce(); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return h.write(ctx, in, out)
}

func readHEIF(in *os.File) (*heif, error) {
	h := &heif{}
	r := bufio.NewReader(in)
	var at int64
	for {
		head, err := readBoxHeader(r)
		if errors.Is(err, io.EOF) && h.primary != 0 {
			return h, nil
		}
		if err != nil {
			return nil, cutOff(err)
		}
		switch head.name {
		case "moov", "moof":
			return nil, notStrippable("a sequence of pictures")
		case "ftyp", "meta":
			if head.bytes < 0 || head.bytes > maxSmallPart {
				return nil, notStrippable("a very large box")
			}
			body := make([]byte, head.bytes)
			if _, err := io.ReadFull(r, body); err != nil {
				return nil, cutOff(err)
			}
			if head.name == "ftyp" {
				h.ftyp = body
			} else if !h.parseMeta(body) {
				return nil, notStrippable("the meta box is damaged or of an unknown kind")
			}
		}
		if head.bytes < 0 {
			if h.primary == 0 {
				return nil, notStrippable("no picture")
			}
			return h, nil
		}
		// Seeking is by where the file stands, less what was read ahead.
		if at, err = in.Seek(0, io.SeekCurrent); err != nil {
			return nil, fmt.Errorf("strip: %w", err)
		}
		if head.name != "ftyp" && head.name != "meta" {
			if _, err := in.Seek(at-int64(r.Buffered())+head.bytes, io.SeekStart); err != nil {
				return nil, fmt.Errorf("strip: %w", err)
			}
			r.Reset(in)
		}
	}
}

// reduce drops every item that the primary picture does not need.
func (h *heif) reduce() error {
	keep := map[uint32]bool{h.primary: true}
	for grew := true; grew; {
		grew = false
		add := func(id uint32) {
			if !keep[id] {
				keep[id], grew = true, true
			}
		}
		for _, r := range h.refs {
			switch {
			case r.kind == "dimg" && keep[r.from]:
				for _, id := range r.to {
					add(id)
				}
			case r.kind == "auxl" && h.isAlpha(r.from) && slices.ContainsFunc(r.to, func(id uint32) bool { return keep[id] }):
				add(r.from)
			}
		}
	}
	h.items = slices.DeleteFunc(h.items, func(i heifItem) bool { return !keep[i.id] })
	var refs []heifRef
	for _, r := range h.refs {
		r.to = slices.DeleteFunc(r.to, func(id uint32) bool { return !keep[id] })
		if keep[r.from] && len(r.to) > 0 && (r.kind == "dimg" || r.kind == "auxl" || r.kind == "prem") {
			refs = append(refs, r)
		}
	}
	h.refs = refs
	if len(h.items) != len(keep) {
		return notStrippable("an item is missing")
	}
	used := make([]bool, len(h.props)+1)
	for n, item := range h.items {
		if !heifItems[item.kind] || len(item.extents) == 0 {
			return notStrippable("an item of an unknown kind")
		}
		var props []uint16
		for _, p := range item.props {
			const essential = 0x8000
			index := int(p &^ essential)
			if index == 0 || index > len(h.props) {
				continue
			}
			if heifProperties[h.props[index-1].name] {
				props, used[index] = append(props, p), true
			} else if p&essential != 0 {
				return notStrippable("a property of an unknown kind")
			}
		}
		h.items[n].props = props
	}
	for i := range h.props {
		if !used[i+1] {
			h.props[i] = box{"free", nil} // its place is counted
		}
	}
	return nil
}

// isAlpha tells whether an item is the transparency of another.
func (h *heif) isAlpha(id uint32) bool {
	for _, item := range h.items {
		if item.id != id {
			continue
		}
		for _, p := range item.props {
			if i := int(p & 0x7fff); i > 0 && i <= len(h.props) && h.props[i-1].name == "auxC" && len(h.props[i-1].body) > 4 {
				kind, _, _ := bytes.Cut(h.props[i-1].body[4:], []byte{0})
				return string(kind) == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" || string(kind) == "urn:mpeg:hevc:2015:auxid:1"
			}
		}
	}
	return false
}

// write writes ftyp, the meta box and the parts of the picture.
func (h *heif) write(ctx context.Context, in, out *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	var total int64
	for _, item := range h.items {
		for _, e := range item.extents {
			if total += e[1]; e[1] <= 0 || total > info.Size() || total >= 1<<31 {
				return notStrippable("parts that do not fit")
			}
		}
	}
	head := appendBox(nil, "ftyp", h.ftyp)
	size := int64(len(head) + len(h.meta(0)) + 8)
	head = append(head, h.meta(size)...)
	inMdat := int64(0)
	for _, item := range h.items {
		if !item.inIdat {
			inMdat += item.bytes()
		}
	}
	head = append(binary.BigEndian.AppendUint32(head, uint32(inMdat+8)), "mdat"...)
	if _, err := out.Write(head); err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	for _, item := range h.items {
		if item.inIdat {
			continue
		}
		for _, e := range item.extents {
			n, err := io.Copy(out, readerWithin(ctx, io.NewSectionReader(in, e[0], e[1])))
			if err != nil {
				return fmt.Errorf("strip: %w", err)
			}
			if n < e[1] {
				return notStrippable("the file is cut off")
			}
		}
	}
	return nil
}

func (i heifItem) bytes() (n int64) {
	for _, e := range i.extents {
		n += e[1]
	}
	return n
}
