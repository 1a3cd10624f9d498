package media

import (
	"encoding/binary"
	"slices"
)

// fields reads numbers off a slice; ok turns false where it is too short.
type fields struct {
	b  []byte
	ok bool
}

// uint reads a number of that many bytes, 0 to 8.
func (f *fields) uint(bytes int) (v uint64) {
	if len(f.b) < bytes {
		f.ok = false
		return 0
	}
	for _, b := range f.b[:bytes] {
		v = v<<8 | uint64(b)
	}
	f.b = f.b[bytes:]
	return v
}

// full reads version and flags of a full box.
func (f *fields) full() (version byte, flags uint32) {
	v := f.uint(4)
	return byte(v >> 24), uint32(v & 0xffffff)
}

// wide is how many bytes an id has.
func wide(is bool) int {
	if is {
		return 4
	}
	return 2
}

// parseMeta reads the meta box; false where it cannot be understood in full.
func (h *heif) parseMeta(b []byte) bool {
	if len(b) < 4 || h.primary != 0 {
		return false
	}
	list := boxes(b[4:])
	at := func(name string) *fields {
		for _, x := range list {
			if x.name == name {
				return &fields{x.body, true}
			}
		}
		return nil
	}
	pitm, iinf, iloc, iprp := at("pitm"), at("iinf"), at("iloc"), at("iprp")
	if pitm == nil || iinf == nil || iloc == nil || iprp == nil {
		return false
	}
	if idat := at("idat"); idat != nil {
		h.idat = idat.b
	}
	version, _ := pitm.full()
	h.primary = uint32(pitm.uint(wide(version > 0)))
	if !h.parseInfos(iinf) || !h.parsePlaces(iloc) || !h.parseProperties(iprp.b) {
		return false
	}
	if iref := at("iref"); iref != nil && !h.parseRefs(iref) {
		return false
	}
	return pitm.ok && h.primary != 0
}

func (h *heif) item(id uint32) *heifItem {
	for n := range h.items {
		if h.items[n].id == id {
			return &h.items[n]
		}
	}
	return nil
}

func (h *heif) parseInfos(f *fields) bool {
	version, _ := f.full()
	f.uint(wide(version > 0))
	list := boxes(f.b)
	if !f.ok || list == nil || len(list) > 1<<14 {
		return false
	}
	for _, b := range list {
		e := &fields{b.body, b.name == "infe"}
		v, flags := e.full()
		id := uint32(e.uint(wide(v > 2)))
		protected := e.uint(2) != 0
		if !e.ok || v < 2 || len(e.b) < 4 || protected || h.item(id) != nil {
			return false
		}
		h.items = append(h.items, heifItem{id: id, kind: string(e.b[:4]), hidden: flags&1 != 0})
	}
	return true
}

func (h *heif) parsePlaces(f *fields) bool {
	version, _ := f.full()
	sizes := f.uint(2)
	offset, length, base, index := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), 0
	if version > 0 {
		index = int(sizes & 15)
	}
	if version > 2 || max(offset, length, base, index) > 8 {
		return false
	}
	for range f.uint(wide(version > 1)) {
		id := uint32(f.uint(wide(version > 1)))
		method := uint64(0)
		if version > 0 {
			method = f.uint(2) & 15
		}
		elsewhere := f.uint(2)
		from := f.uint(base)
		item := h.item(id)
		for range f.uint(2) {
			f.uint(index)
			e := [2]int64{int64(from + f.uint(offset)), int64(f.uint(length))}
			if !f.ok {
				return false
			}
			if item != nil {
				item.extents = append(item.extents, e)
			}
		}
		if !f.ok {
			return false
		}
		switch {
		case item == nil:
		case method > 1 || elsewhere != 0:
			item.extents = nil // cannot be found
		default:
			item.inIdat = method == 1
		}
	}
	return true
}

func (h *heif) parseProperties(b []byte) bool {
	for _, x := range boxes(b) {
		switch x.name {
		case "ipco":
			if h.props = boxes(x.body); len(h.props) >= 1<<15 {
				return false
			}
		case "ipma":
			f := &fields{x.body, true}
			version, flags := f.full()
			for range f.uint(4) {
				item := h.item(uint32(f.uint(wide(version > 0))))
				for range f.uint(1) {
					var p uint16
					if flags&1 != 0 {
						p = uint16(f.uint(2))
					} else {
						v := uint16(f.uint(1))
						p = v&0x80<<8 | v&0x7f
					}
					if item != nil {
						item.props = append(item.props, p)
					}
				}
				if !f.ok {
					return false
				}
			}
		}
	}
	return h.props != nil
}

func (h *heif) parseRefs(f *fields) bool {
	version, _ := f.full()
	for _, x := range boxes(f.b) {
		e := &fields{x.body, f.ok}
		r := heifRef{kind: x.name, from: uint32(e.uint(wide(version > 0)))}
		for range e.uint(2) {
			r.to = append(r.to, uint32(e.uint(wide(version > 0))))
		}
		if !e.ok {
			return false
		}
		h.refs = append(h.refs, r)
	}
	return f.ok
}

// meta is the meta box of the copy, whose mdat's content begins at that offset.
// Its length does not depend on it.
func (h *heif) meta(offset int64) []byte {
	u16, u32 := binary.BigEndian.AppendUint16, binary.BigEndian.AppendUint32
	hdlr := append(make([]byte, 8), "pict\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	iloc := u32(u32([]byte{2, 0, 0, 0, 0x44, 0}, 0)[:6], uint32(len(h.items)))
	iinf := u32([]byte{1, 0, 0, 0}, uint32(len(h.items)))
	ipma := u32([]byte{1, 0, 0, 1}, uint32(len(h.items)))
	var idat []byte
	for _, item := range h.items {
		kind := append([]byte{3, 0, 0, 0}, u32(nil, item.id)...)
		if item.hidden {
			kind[3] = 1
		}
		iinf = appendBox(iinf, "infe", kind, []byte{0, 0}, []byte(item.kind), []byte{0})
		ipma = append(u32(ipma, item.id), byte(len(item.props)))
		for _, p := range item.props {
			ipma = u16(ipma, p)
		}
		iloc = u32(iloc, item.id)
		if item.inIdat {
			iloc = u16(u16(iloc, 1), 0)
			iloc = u32(u32(u16(iloc, 1), uint32(len(idat))), uint32(item.bytes()))
			for _, e := range item.extents {
				if e[0] >= 0 && e[0]+e[1] <= int64(len(h.idat)) {
					idat = append(idat, h.idat[e[0]:e[0]+e[1]]...)
				}
			}
			continue
		}
		iloc = u16(u16(iloc, 0), 0)
		iloc = u32(u32(u16(iloc, 1), uint32(offset)), uint32(item.bytes()))
		offset += item.bytes()
	}
	var ipco []byte
	for _, p := range h.props {
		ipco = appendBox(ipco, p.name, p.body)
	}
	b := appendBox(nil, "hdlr", hdlr)
	b = appendBox(b, "pitm", []byte{1, 0, 0, 0}, u32(nil, h.primary))
	b = appendBox(b, "iloc", iloc)
	b = appendBox(b, "iinf", iinf)
	if len(h.refs) > 0 {
		b = appendBox(b, "iref", h.refBoxes())
	}
	b = appendBox(b, "iprp", appendBox(appendBox(nil, "ipco", ipco), "ipma", ipma))
	if len(idat) > 0 {
		b = appendBox(b, "idat", idat)
	}
	return appendBox(nil, "meta", make([]byte, 4), b)
}

func (h *heif) refBoxes() []byte {
	b := []byte{1, 0, 0, 0}
	for _, r := range h.refs {
		body := binary.BigEndian.AppendUint32(nil, r.from)
		body = binary.BigEndian.AppendUint16(body, uint16(len(r.to)))
		for _, id := range slices.Clone(r.to) {
			body = binary.BigEndian.AppendUint32(body, id)
		}
		b = appendBox(b, r.kind, body)
	}
	return b
}
