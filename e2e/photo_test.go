package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// photo makes a JPEG of its own look in dir: seed varies the picture, exif are
// further arguments for exiftool, such as -Model=X100.
func photo(t *testing.T, dir, name, seed string, exif ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	run(t, "vips", "perlin", path+".v", "1200", "800", "--cell-size", "200", "--seed", seed)
	run(t, "vips", "linear", path+".v", path+"[Q=85]", "120", "128", "--uchar")
	run(t, "exiftool", append([]string{"-q", "-overwrite_original", "-Make=Albumen", "-DateTimeOriginal=2024:07:14 18:30:00", "-OffsetTimeOriginal=+02:00"}, append(exif, path)...)...)
	return path
}

func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}
