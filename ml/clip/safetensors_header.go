package clip

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

const (
	// headerPrefix is the length of the number before the header.
	headerPrefix = 8
	// maxHeader bounds the header. The format allows 100 MB; that of the largest CLIP
	// has under 200 kB, and reading one takes several times its length.
	maxHeader = 16 << 20
	// maxTensors and maxAxes bound what a header may list.
	maxTensors = 1 << 16
	maxAxes    = 8
	// maxTensorName bounds a name, so that messages stay readable.
	maxTensorName = 512
)

// tensorInfo is one entry of the header; begin and end are offsets into the data.
type tensorInfo struct {
	dtype      string
	shape      []int
	begin, end int
}

// elements is the product of the shape, which the parser has checked to fit.
func (t tensorInfo) elements() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// dtypeBytes is how many bytes an element takes. Types that are not listed may be in
// a file; only using them is an error.
var dtypeBytes = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
	"I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
}

// parseSafetensors reads the header of a whole file and returns its tensors and the
// bytes that their offsets count from. Every byte of the file is taken as hostile.
func parseSafetensors(file []byte) (map[string]tensorInfo, []byte, error) {
	if bytes.HasPrefix(file, []byte("version https://git-lfs")) {
		return nil, nil, &FolderError{Problem: "is only a Git LFS pointer, not the weights; run git lfs pull in the folder or download the file itself"}
	}
	if len(file) < headerPrefix {
		return nil, nil, errors.New("is too short for a safetensors file")
	}
	length := binary.LittleEndian.Uint64(file)
	rest := file[headerPrefix:]
	if length > maxHeader {
		return nil, nil, fmt.Errorf("is no safetensors file: its header would have %d bytes, at most %d are read", length, maxHeader)
	}
	if length > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("ends inside its header: %d bytes are there, %d announced", len(rest), length)
	}
	header, data := rest[:length], rest[length:]
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("is no safetensors file: its header is not a JSON object")
	}
	tensors, err := parseHeader(header, len(data))
	if err != nil {
		return nil, nil, err
	}
	return tensors, data, checkLayout(tensors, len(data))
}

// parseHeader reads the entries one by one. A map would hide a name that occurs twice.
func parseHeader(header []byte, dataBytes int) (map[string]tensorInfo, error) {
	d := json.NewDecoder(bytes.NewReader(header))
	tensors := map[string]tensorInfo{}
	seenMetadata := false
	err := eachKey(d, func(name string) error {
		if name == "__metadata__" {
			if seenMetadata {
				return errors.New("has __metadata__ twice in its header")
			}
			seenMetadata = true
			var metadata map[string]string
			if err := d.Decode(&metadata); err != nil {
				return fmt.Errorf("has a damaged header: __metadata__: %w", err)
			}
			return nil
		}
		if len(name) > maxTensorName {
			return fmt.Errorf("names a tensor with %d bytes; at most %d are read", len(name), maxTensorName)
		}
		if _, twice := tensors[name]; twice {
			return fmt.Errorf("lists the tensor %q twice", name)
		}
		if len(tensors) == maxTensors {
			return fmt.Errorf("lists over %d tensors", maxTensors)
		}
		t, err := parseTensor(d, dataBytes)
		if err != nil {
			return fmt.Errorf("has a damaged header: tensor %q %w", name, err)
		}
		tensors[name] = t
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimLeft(header[d.InputOffset():], " \t\r\n\x00"); len(rest) > 0 {
		return nil, errors.New("has something after the object in its header")
	}
	return tensors, nil
}

// eachKey calls visit at every value of the object that d stands before.
func eachKey(d *json.Decoder, visit func(key string) error) error {
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("has a damaged header: %w", err)
	}
	if token != json.Delim('{') {
		return errors.New("has a damaged header: an object is missing")
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return fmt.Errorf("has a damaged header: %w", err)
		}
		key, ok := token.(string)
		if !ok {
			return errors.New("has a damaged header: a name is missing")
		}
		if err := visit(key); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("has a damaged header: %w", err)
	}
	return nil
}

func parseTensor(d *json.Decoder, dataBytes int) (tensorInfo, error) {
	var t tensorInfo
	var shape, offsets []uint64
	seen := map[string]bool{}
	err := eachKey(d, func(key string) error {
		if seen[key] {
			return fmt.Errorf("has %q twice", key)
		}
		if len(seen) == maxAxes {
			return errors.New("has too many values")
		}
		seen[key] = true
		switch key {
		case "dtype":
			return d.Decode(&t.dtype)
		case "shape":
			return d.Decode(&shape)
		case "data_offsets":
			return d.Decode(&offsets)
		}
		return fmt.Errorf("has the unknown value %q", strings.ToValidUTF8(key[:min(len(key), 40)], "�"))
	})
	if err != nil {
		return t, err
	}
	if t.dtype == "" || !seen["shape"] || len(offsets) != 2 {
		return t, errors.New("lacks dtype, shape or two data_offsets")
	}
	if len(shape) > maxAxes {
		return t, fmt.Errorf("has %d axes; at most %d are read", len(shape), maxAxes)
	}
	if offsets[0] > offsets[1] || offsets[1] > uint64(dataBytes) {
		return t, fmt.Errorf("lies at %d to %d, but only %d bytes of data are there", offsets[0], offsets[1], dataBytes)
	}
	t.begin, t.end = int(offsets[0]), int(offsets[1])
	return t, t.setShape(shape)
}

// setShape checks that the shape and the type take just the bytes between the offsets.
func (t *tensorInfo) setShape(shape []uint64) error {
	size, known := dtypeBytes[t.dtype]
	total := uint64(max(size, 1))
	for _, n := range shape {
		high, low := bits.Mul64(total, n)
		if high != 0 || n > maxInt || low > maxInt {
			return errors.New("has a shape whose product is too large")
		}
		total = low
		t.shape = append(t.shape, int(n))
	}
	if known && total != uint64(t.end-t.begin) {
		return fmt.Errorf("takes %d bytes by its shape and %d by its offsets", total, t.end-t.begin)
	}
	return nil
}

const maxInt = uint64(^uint(0) >> 1)

// checkLayout sees to it that the tensors lie one after another, without overlaps and
// without bytes that belong to none, as the format demands.
func checkLayout(tensors map[string]tensorInfo, dataBytes int) error {
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := tensors[a], tensors[b]
		if x.begin != y.begin {
			return x.begin - y.begin
		}
		if x.end != y.end {
			return x.end - y.end
		}
		return strings.Compare(a, b)
	})
	at := 0
	for _, name := range names {
		t := tensors[name]
		if t.begin < at {
			return fmt.Errorf("has a damaged header: tensor %q overlaps the one before it", name)
		}
		if t.begin > at {
			return fmt.Errorf("has a damaged header: %d bytes before tensor %q belong to none", t.begin-at, name)
		}
		at = t.end
	}
	if at != dataBytes {
		return fmt.Errorf("has %d bytes of data, of which the header describes %d", dataBytes, at)
	}
	return nil
}
