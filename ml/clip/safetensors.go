package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
)

const pickleFile = "pytorch_model.bin"

// Weights are the named tensors of a safetensors file, mapped into memory. They may
// be read from several goroutines at once, but not after Close.
type Weights struct {
	file    string
	mapping []byte
	data    []byte
	tensors map[string]tensorInfo
}

// OpenWeights maps the safetensors file at path and checks its header: nothing in it
// is trusted. Errors are [*FolderError] with the file's base name.
func OpenWeights(path string) (*Weights, error) {
	file := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && exists(filepath.Join(filepath.Dir(path), pickleFile)) {
			return nil, &FolderError{File: file, Problem: "is not in the model folder, only " + pickleFile + " is. That is a Python pickle, which can run code and is not read; take a model that publishes " + file + ", or convert this one with Hugging Face's tools", Err: err}
		}
		return nil, unreadable(file, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(file, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &FolderError{File: file, Problem: "is not a regular file"}
	}
	if info.Size() < headerPrefix || info.Size() > math.MaxInt {
		return nil, &FolderError{File: file, Problem: fmt.Sprintf("has %d bytes, which cannot be a safetensors file; download it again", info.Size())}
	}
	mapping, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, unreadable(file, fmt.Errorf("mapping it into memory: %w", err))
	}
	w := &Weights{file: file, mapping: mapping}
	err = w.guard("", func() error {
		w.tensors, w.data, err = parseSafetensors(mapping)
		return err
	})
	if err != nil {
		w.Close()
		var folder *FolderError
		if !errors.As(err, &folder) {
			folder = &FolderError{File: file, Problem: err.Error() + "; download it again", Err: err}
		}
		folder.File = file
		return nil, folder
	}
	return w, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Close releases the mapping.
func (w *Weights) Close() {
	if w.mapping != nil {
		// Unmapping what was mapped can only fail when it is not mapped any more.
		_ = syscall.Munmap(w.mapping)
		w.mapping, w.data, w.tensors = nil, nil, nil
	}
}

// Names returns the names of all tensors, sorted.
func (w *Weights) Names() []string {
	names := make([]string, 0, len(w.tensors))
	for name := range w.tensors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Shape returns the lengths of a tensor's axes and whether the tensor is there.
func (w *Weights) Shape(name string) ([]int, bool) {
	t, ok := w.tensors[name]
	return t.shape, ok
}

// Float32 returns a copy of the tensor called name as float32, in C order, whether it
// is stored as float32, float16 or bfloat16. It must have exactly the given shape and
// only finite values. Errors are [*FolderError] naming the tensor.
func (w *Weights) Float32(name string, shape ...int) ([]float32, error) {
	return w.read(func(n int) ([]float32, error) { return make([]float32, n), nil }, name, shape...)
}

// read is Float32 into memory that alloc gets.
func (w *Weights) read(alloc func(n int) ([]float32, error), name string, shape ...int) ([]float32, error) {
	fail := func(format string, args ...any) ([]float32, error) {
		return nil, &FolderError{File: w.file, Field: name, Problem: fmt.Sprintf(format, args...)}
	}
	t, ok := w.tensors[name]
	if !ok {
		return fail("is missing; the file does not belong to this config.json, download both again")
	}
	if !slices.Equal(t.shape, shape) {
		return fail("has the shape %v, but config.json asks for %v; take both files from the same model", t.shape, shape)
	}
	decode, ok := decoders[t.dtype]
	if !ok {
		return fail("is stored as %s; only F32, F16 and BF16 can be read", t.dtype)
	}
	// The parser has checked that the range lies inside the file and is as long as the
	// shape says, so this allocates no more than twice what is really there.
	out, err := alloc(t.elements())
	if err != nil {
		return nil, err
	}
	var finite bool
	if err := w.guard(name, func() error {
		finite = decode(out, w.data[t.begin:t.end])
		return nil
	}); err != nil {
		return nil, err
	}
	w.forget(t.begin, t.end)
	if !finite {
		return fail("holds a value that is infinite or not a number; download the file again")
	}
	return out, nil
}

// forget tells the system that a part of the mapping is not needed in memory any
// more, so that reading a file does not take its size.
func (w *Weights) forget(begin, end int) {
	if w.mapping == nil {
		return
	}
	page, head := os.Getpagesize(), len(w.mapping)-len(w.data) // the mapping starts on a page
	begin, end = (head+begin+page-1)/page*page, (head+end)/page*page
	if begin < end {
		_ = syscall.Madvise(w.mapping[begin:end], syscall.MADV_DONTNEED) // only saves memory
	}
}

// guard runs read, which looks into the mapping. If the file is cut short meanwhile,
// the missing pages fault; that becomes an error instead of a crash.
func (w *Weights) guard(name string, read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(interface{ Addr() uintptr })
			if !ok {
				panic(r)
			}
			err = &FolderError{File: w.file, Field: name, Problem: fmt.Sprintf("changed while it was read (fault at %#x); let the download finish first", fault.Addr())}
		}
	}()
	return read()
}

// decoders turn stored little-endian values into float32 and tell whether all of them
// are finite.
var decoders = map[string]func(out []float32, in []byte) bool{
	"F32": func(out []float32, in []byte) bool {
		var worst uint32
		for i := range out {
			bits := binary.LittleEndian.Uint32(in[4*i:])
			worst = max(worst, bits&^signBit)
			out[i] = math.Float32frombits(bits)
		}
		return worst < infinity
	},
	"BF16": func(out []float32, in []byte) bool {
		var worst uint32
		for i := range out {
			bits := uint32(binary.LittleEndian.Uint16(in[2*i:])) << 16
			worst = max(worst, bits&^signBit)
			out[i] = math.Float32frombits(bits)
		}
		return worst < infinity
	},
	"F16": func(out []float32, in []byte) bool {
		finite := true
		for i := range out {
			half := binary.LittleEndian.Uint16(in[2*i:])
			finite = finite && half&0x7c00 != 0x7c00
			out[i] = float16(half)
		}
		return finite
	},
}

const (
	signBit  = 1 << 31
	infinity = 0x7f800000
)

// float16 widens an IEEE half.
func float16(half uint16) float32 {
	if exponent := half & 0x7c00; exponent == 0 || exponent == 0x7c00 {
		return specialFloat16(half)
	}
	return math.Float32frombits(uint32(half&0x8000)<<16 | (uint32(half&0x7fff)<<13 + (127-15)<<23))
}

// specialFloat16 widens zeros, subnormal numbers, infinities and what is no number.
func specialFloat16(half uint16) float32 {
	sign, fraction := uint32(half&0x8000)<<16, uint32(half&0x3ff)
	if half&0x7c00 != 0 {
		return math.Float32frombits(sign | infinity | fraction<<13)
	}
	return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
}
