package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// safetensorsFile is a file with this header and as many bytes of data.
func safetensorsFile(header string, data []byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), data...)
}

func openBytes(t testing.TB, file []byte) (*Weights, error) {
	t.Helper()
	w, err := OpenWeights(filepath.Join(folder(t, map[string]string{weightsFile: string(file)}), weightsFile))
	if err == nil {
		t.Cleanup(w.Close)
	}
	return w, err
}

func TestWeightsOfTheSmallModels(t *testing.T) {
	for model, dtype := range map[string]string{"tiny": "F32", "tiny-gelu": "F16", "tiny-bf16": "BF16"} {
		c, err := ReadConfig(filepath.Join("testdata", model))
		if err != nil {
			t.Fatal(err)
		}
		w, err := OpenWeights(filepath.Join("testdata", model, weightsFile))
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		name := "vision_model.encoder.layers.0.mlp.fc1.weight"
		if w.tensors[name].dtype != dtype {
			t.Errorf("%s: stored as %s", model, w.tensors[name].dtype)
		}
		values, err := w.Float32(name, c.Vision.Inner, c.Vision.Width)
		if err != nil {
			t.Fatal(err)
		}
		// The script draws them with the deviation 1.2/√width.
		var sum float64
		for _, v := range values {
			sum += float64(v) * float64(v)
		}
		if got, want := math.Sqrt(sum/float64(len(values))), 1.2/math.Sqrt(float64(c.Vision.Width)); math.Abs(got-want) > 0.05*want {
			t.Errorf("%s: deviation %g, want about %g", model, got, want)
		}
		if scale, err := w.Float32("logit_scale"); err != nil || len(scale) != 1 || math.Abs(float64(scale[0])-2.6592) > 0.01 {
			t.Errorf("%s: logit_scale %v, %v", model, scale, err)
		}
		if shape, ok := w.Shape(name); !ok || !slices.Equal(shape, []int{c.Vision.Inner, c.Vision.Width}) {
			t.Errorf("%s: shape %v", model, shape)
		}
		if names := w.Names(); len(names) < 40 || !slices.IsSorted(names) {
			t.Errorf("%s: names %v", model, names)
		}
	}
}

func TestFloat16(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 0x1p-14, 0x03ff: 1023 * 0x1p-24, 0x0001: 0x1p-24,
		0x8001: -0x1p-24, 0x3555: 0.333251953125,
	} {
		if got := float16(bits); float64(got) != want {
			t.Errorf("%#04x: got %g, want %g", bits, got, want)
		}
	}
	if !math.Signbit(float64(float16(0x8000))) || !math.IsInf(float64(float16(0xfc00)), -1) || !math.IsNaN(float64(float16(0x7e00))) {
		t.Error("minus zero, minus infinity or not a number")
	}
}

// The data need not be aligned to the size of its elements.
func TestUnalignedData(t *testing.T) {
	data := binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5))
	data = binary.LittleEndian.AppendUint16(data, 0xbfc0)
	header := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1,1],"data_offsets":[4,6]}}`
	for range 4 {
		w, err := openBytes(t, safetensorsFile(header, data))
		if err != nil {
			t.Fatal(err)
		}
		a, errA := w.Float32("a", 1)
		b, errB := w.Float32("b", 1, 1)
		if err := errors.Join(errA, errB); err != nil || a[0] != 1.5 || b[0] != -1.5 {
			t.Errorf("%v %v %v", a, b, err)
		}
		header += " "
	}
}

func TestTensorsThatCannotBeUsed(t *testing.T) {
	nan := binary.LittleEndian.AppendUint32(nil, 0x7fc00000)
	header := `{"nan":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"ids":{"dtype":"I32","shape":[1],"data_offsets":[4,8]},` +
		`"new":{"dtype":"F4","shape":[3],"data_offsets":[8,10]},"inf":{"dtype":"F16","shape":[1],"data_offsets":[10,12]},"binf":{"dtype":"BF16","shape":[1],"data_offsets":[12,14]}}`
	data := append(nan, 0, 0, 0, 0, 0, 0, 0x00, 0xfc, 0x80, 0xff)
	w, err := openBytes(t, safetensorsFile(header, data))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		shape   []int
		problem string
	}{
		{"nan", []int{1}, "not a number"},
		{"inf", []int{1}, "infinite"},
		{"binf", []int{1}, "infinite"},
		{"nan", []int{1, 1}, "has the shape [1], but config.json asks for [1 1]"},
		{"nan", nil, "has the shape"},
		{"ids", []int{1}, "stored as I32"},
		{"new", []int{3}, "stored as F4"},
		{"none", []int{1}, "is missing"},
	} {
		_, err := w.Float32(test.name, test.shape...)
		expectFolderError(t, err, weightsFile, test.name, test.problem)
	}
}

// headerEntry is one entry of a header.
func headerEntry(name, dtype, shape string, begin, end int) string {
	return fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
}

func TestHostileHeaders(t *testing.T) {
	data := make([]byte, 16)
	raw := func(length uint64, rest string) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, length), rest...)
	}
	head := func(entries ...string) []byte { return safetensorsFile("{"+strings.Join(entries, ",")+"}", data) }
	var many []string
	for i := range maxTensors + 1 {
		many = append(many, headerEntry(fmt.Sprint(i), "F32", "[0]", 0, 0))
	}
	tests := []struct {
		name, problem string
		file          []byte
	}{
		{"empty", "has 0 bytes", nil},
		{"seven bytes", "has 7 bytes", []byte("1234567")},
		{"longest header", "at most", raw(math.MaxUint64, "{}")},
		{"header over the limit", "at most", raw(maxHeader+1, "{}")},
		{"header over the file", "ends inside its header", raw(3, "{}")},
		{"no header", "not a JSON object", raw(0, "")},
		{"list", "not a JSON object", raw(2, "[]")},
		{"pickle", "at most", []byte("PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl")},
		{"pointer", "git lfs pull", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")},
		{"cut header", "damaged header", raw(10, `{"a":{"dty`)},
		{"two objects", "something after", raw(4, "{}{}")},
		{"text for a tensor", "damaged header", raw(8, `{"a":""}`)},
		{"depth", "damaged header", raw(20000, "{"+strings.Repeat(`"a":{`, 4000)[:19999])},
		{"nested shape", "damaged header", head(`"a":{"dtype":"F32","shape":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `,"data_offsets":[0,16]}`)},
		{"twice", `lists the tensor "a" twice`, head(headerEntry("a", "F32", "[4]", 0, 16), headerEntry("a", "F32", "[4]", 0, 16))},
		{"escaped twice", `lists the tensor "a" twice`, head(headerEntry("a", "F32", "[4]", 0, 16), `"\u0061":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}`)},
		{"metadata twice", "__metadata__ twice", head(`"__metadata__":{}`, `"__metadata__":{}`, headerEntry("a", "F32", "[4]", 0, 16))},
		{"metadata of numbers", "damaged header", head(`"__metadata__":{"a":1}`, headerEntry("a", "F32", "[4]", 0, 16))},
		{"dtype twice", `"dtype" twice`, head(`"a":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}`)},
		{"unknown value", "unknown value", head(`"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1}`)},
		{"no dtype", "lacks dtype", head(`"a":{"shape":[4],"data_offsets":[0,16]}`)},
		{"no shape", "lacks dtype", head(`"a":{"dtype":"F32","data_offsets":[0,16]}`)},
		{"three offsets", "lacks dtype", head(`"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8,16]}`)},
		{"backwards", "lies at 16 to 0", head(headerEntry("a", "F32", "[0]", 16, 0))},
		{"beyond the file", "only 16 bytes", head(headerEntry("a", "F32", "[5]", 0, 20))},
		{"negative offset", "damaged header", head(headerEntry("a", "F32", "[4]", -4, 16))},
		{"huge offset", "lies at 0 to", head(`"a":{"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]}`)},
		{"too huge offset", "damaged header", head(`"a":{"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551616]}`)},
		{"negative shape", "damaged header", head(headerEntry("a", "F32", "[-4]", 0, 16))},
		{"product over 64 bits", "too large", head(headerEntry("a", "F32", "[4294967296,4294967296,4294967296]", 0, 16))},
		{"product around to 16", "too large", head(headerEntry("a", "F32", "[4611686018427387908]", 0, 16))},
		{"product hidden by 0", "too large", head(headerEntry("a", "F32", "[9223372036854775807,9223372036854775807,0]", 0, 0))},
		{"many axes", "axes", head(headerEntry("a", "F32", "[1,1,1,1,1,1,1,1,4]", 0, 16))},
		{"shape and offsets", "takes 12 bytes by its shape and 16", head(headerEntry("a", "F32", "[3]", 0, 16))},
		{"overlap", "overlaps", head(headerEntry("a", "F32", "[3]", 0, 12), headerEntry("b", "F32", "[2]", 8, 16))},
		{"same place", "overlaps", head(headerEntry("a", "F32", "[4]", 0, 16), headerEntry("b", "F32", "[4]", 0, 16))},
		{"hole", "belong to none", head(headerEntry("a", "F32", "[1]", 0, 4), headerEntry("b", "F32", "[1]", 12, 16))},
		{"rest", "of which the header describes 8", head(headerEntry("a", "F32", "[2]", 0, 8))},
		{"unknown type over another", "overlaps", head(headerEntry("a", "F4", "[9]", 0, 12), headerEntry("b", "F32", "[2]", 8, 16))},
		{"long name", "names a tensor with", head(headerEntry(strings.Repeat("n", maxTensorName+1), "F32", "[4]", 0, 16))},
		{"many tensors", "lists over", head(many...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := openBytes(t, test.file)
			expectFolderError(t, err, weightsFile, "", test.problem)
		})
	}
}

func TestWeightsThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenWeights(filepath.Join(dir, weightsFile))
	expectFolderError(t, err, weightsFile, "", "is not in the model folder")
	if err := os.WriteFile(filepath.Join(dir, pickleFile), []byte("\x80\x02."), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = OpenWeights(filepath.Join(dir, weightsFile))
	expectFolderError(t, err, weightsFile, "", "pickle, which can run code")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, weightsFile), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = OpenWeights(filepath.Join(dir, weightsFile))
	expectFolderError(t, err, weightsFile, "", "not a regular file")
}

// A real file that was not downloaded to its end is refused, wherever it ends.
func TestTruncatedWeights(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "tiny-bf16", weightsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, 5, 8, 100, 4000, len(whole) / 2, len(whole) - 1} {
		_, err := openBytes(t, whole[:length])
		expectFolderError(t, err, weightsFile, "", "download it again")
	}
}

// A file that shrinks while it is mapped gives an error instead of a crash.
func TestWeightsCutShortWhileMapped(t *testing.T) {
	const size = 1 << 20
	header := "{" + headerEntry("a", "F32", fmt.Sprintf("[%d]", size/4), 0, size) + "}"
	path := filepath.Join(folder(t, map[string]string{weightsFile: string(safetensorsFile(header, make([]byte, size)))}), weightsFile)
	w, err := OpenWeights(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	_, err = w.Float32("a", size/4)
	expectFolderError(t, err, weightsFile, "a", "changed while it was read")
}

// No bytes make the reader panic; what it accepts lies inside the file and apart.
func FuzzSafetensors(f *testing.F) {
	small, err := os.ReadFile(filepath.Join("testdata", "tiny-bf16", weightsFile))
	if err != nil {
		f.Fatal(err)
	}
	length := binary.LittleEndian.Uint64(small)
	f.Add(small[:8+length])
	f.Add(safetensorsFile("{"+headerEntry("a", "F32", "[2,1]", 0, 8)+","+headerEntry("b", "F16", "[4]", 8, 16)+"}  ", make([]byte, 16)))
	f.Add(safetensorsFile(`{"__metadata__":{"format":"pt"},`+headerEntry("a", "BF16", "[]", 0, 2)+"}", make([]byte, 2)))
	f.Add(safetensorsFile("{"+headerEntry("a", "F32", "[5000]", 0, 20000)+"}", make([]byte, 20000)))
	f.Add(safetensorsFile("{"+headerEntry("a", "I64", "[0,9223372036854775807]", 0, 0)+"}", nil))
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, data, err := parseSafetensors(file)
		if err != nil {
			if len(err.Error()) > 8000 {
				t.Fatalf("a message of %d bytes", len(err.Error()))
			}
			return
		}
		w := &Weights{file: weightsFile, data: data, tensors: tensors}
		total := 0
		for _, name := range w.Names() {
			info := tensors[name]
			total += info.end - info.begin
			shape, _ := w.Shape(name)
			values, err := w.Float32(name, shape...)
			var folder *FolderError
			if err != nil && !errors.As(err, &folder) {
				t.Fatalf("not a FolderError: %v", err)
			}
			if len(values) > len(data) {
				t.Fatalf("%d values out of %d bytes", len(values), len(data))
			}
		}
		if total != len(data) {
			t.Fatalf("%d of %d bytes belong to tensors", total, len(data))
		}
	})
}
