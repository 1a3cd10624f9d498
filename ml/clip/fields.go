package clip

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// maxConfigBytes bounds the small JSON files; real ones have a few kilobytes.
const maxConfigBytes = 1 << 20

// readBounded reads a file of the folder that may have at most limit bytes.
func readBounded(dir fs.FS, file string, limit int64) ([]byte, error) {
	f, err := dir.Open(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unreadable(file, err)
	}
	if int64(len(data)) > limit {
		return nil, &FolderError{File: file, Problem: fmt.Sprintf("has over %d bytes, which no CLIP model needs; download it again", limit)}
	}
	return data, nil
}

// fields reads the values of one JSON object and remembers the first thing that is
// wrong, so that a caller checks once, at the end.
type fields struct {
	file   string
	prefix string
	values map[string]json.RawMessage
	failed *error
}

// readFields reads a small JSON file whose top level is an object.
func readFields(dir fs.FS, file string) (fields, error) {
	data, err := readBounded(dir, file, maxConfigBytes)
	if err != nil {
		return fields{}, err
	}
	f := fields{file: file, failed: new(error)}
	if err := json.Unmarshal(data, &f.values); err != nil {
		return fields{}, &FolderError{File: file, Problem: "is not a whole JSON object (" + err.Error() + "); download it again", Err: err}
	}
	return f, nil
}

// err is the first thing that was wrong.
func (f fields) err() error { return *f.failed }

// fail remembers a problem with the value called key.
func (f fields) fail(key, format string, args ...any) {
	if *f.failed == nil {
		*f.failed = &FolderError{File: f.file, Field: f.prefix + key, Problem: fmt.Sprintf(format, args...)}
	}
}

// has tells whether key is there and not null.
func (f fields) has(key string) bool {
	raw, ok := f.values[key]
	return ok && !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

// object returns the object under key; an absent one has no values.
func (f fields) object(key string) fields {
	sub := fields{file: f.file, prefix: f.prefix + key + ".", failed: f.failed}
	if f.has(key) {
		if err := json.Unmarshal(f.values[key], &sub.values); err != nil {
			f.fail(key, "must be an object")
		}
	}
	return sub
}

// integer returns the whole number under key, or otherwise when it is absent.
func (f fields) integer(key string, otherwise, low, high int) int {
	value := otherwise
	if f.has(key) {
		if err := json.Unmarshal(f.values[key], &value); err != nil {
			f.fail(key, "is %s; must be a whole number", shorten(f.values[key]))
			return low
		}
	}
	if value < low || value > high {
		f.fail(key, "is %d; must lie between %d and %d", value, low, high)
		return low
	}
	return value
}

// number returns the number under key, or otherwise when it is absent.
func (f fields) number(key string, otherwise, low, high float64) float64 {
	value := otherwise
	if f.has(key) {
		if err := json.Unmarshal(f.values[key], &value); err != nil || math.IsNaN(value) {
			f.fail(key, "is %s; must be a number", shorten(f.values[key]))
			return low
		}
	}
	if value < low || value > high {
		f.fail(key, "is %g; must lie between %g and %g", value, low, high)
		return low
	}
	return value
}

// boolean returns the truth value under key, or otherwise when it is absent.
func (f fields) boolean(key string, otherwise bool) bool {
	value := otherwise
	if f.has(key) {
		if err := json.Unmarshal(f.values[key], &value); err != nil {
			f.fail(key, "is %s; must be true or false", shorten(f.values[key]))
		}
	}
	return value
}

// text returns the string under key, or otherwise when it is absent.
func (f fields) text(key, otherwise string) string {
	value := otherwise
	if f.has(key) {
		if err := json.Unmarshal(f.values[key], &value); err != nil {
			f.fail(key, "is %s; must be a string", shorten(f.values[key]))
		}
	}
	return value
}

// triple returns the three numbers under key, or otherwise when it is absent.
func (f fields) triple(key string, otherwise [3]float64, low, high float64) [3]float64 {
	if !f.has(key) {
		return otherwise
	}
	var values []float64
	if err := json.Unmarshal(f.values[key], &values); err != nil || len(values) != 3 {
		f.fail(key, "is %s; must be a list of three numbers, one each for red, green and blue", shorten(f.values[key]))
		return otherwise
	}
	for _, v := range values {
		if v < low || v > high {
			f.fail(key, "holds %g; must lie between %g and %g", v, low, high)
		}
	}
	return [3]float64(values)
}

// shorten keeps a wrong value readable in a message.
func shorten(raw json.RawMessage) string {
	const most = 40
	if text := []rune(string(raw)); len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(raw)
}
