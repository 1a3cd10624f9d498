package views_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"albumen/views/media"
)

// photo is one picture of the gallery: thumb and preview as files would come from storage.
type photo struct {
	width, height  int
	thumb, preview []byte
	mime           string
	placeholder    string
	alt            string
}

// photos are real ones from the folder in ALBUMEN_GALLERY_PHOTOS (NAME.jpg, thumb-NAME.jpg, ph-NAME.png), for looking
// at the pages; without it they are drawn here, so that the tests need nothing.
func photos(t *testing.T) []photo {
	t.Helper()
	if dir := os.Getenv("ALBUMEN_GALLERY_PHOTOS"); dir != "" {
		return realPhotos(t, dir)
	}
	sizes := [][2]int{{300, 200}, {200, 300}, {300, 225}, {200, 200}, {480, 200}, {225, 300}}
	var out []photo
	for i, s := range sizes {
		full := encode(t, drawn(s[0], s[1], i))
		out = append(out, photo{width: s[0] * 10, height: s[1] * 10, thumb: full, preview: full, mime: "image/jpeg", placeholder: dataURI(t, drawn(s[0]/20, s[1]/20, i)), alt: "Landscape " + strconv.Itoa(i+1)})
	}
	return out
}

func realPhotos(t *testing.T, dir string) []photo {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "thumb-*.jpg"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no photos in %s: %v", dir, err)
	}
	sort.Slice(names, func(i, j int) bool { return hash(names[i]) < hash(names[j]) })
	var out []photo
	for _, name := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "thumb-"), ".jpg")
		read := func(file string) []byte {
			b, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		preview := read(base + ".jpg")
		size, _, err := image.DecodeConfig(bytes.NewReader(preview))
		if err != nil {
			t.Fatal(err)
		}
		ph := "data:image/png;base64," + base64.StdEncoding.EncodeToString(read("ph-"+base+".png"))
		out = append(out, photo{width: size.Width * 3, height: size.Height * 3, thumb: read("thumb-" + base + ".jpg"), preview: preview, mime: "image/jpeg", placeholder: ph, alt: base})
	}
	return out
}

func hash(s string) (h uint32) {
	for _, b := range []byte(s) {
		h = h*16777619 ^ uint32(b)
	}
	return h
}

// drawn is a hill under a sky.
func drawn(w, h, seed int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			ridge := float64(h) * (.6 + .15*math.Sin(float64(x)/float64(w)*5+float64(seed)))
			c := color.RGBA{uint8(120 + 20*seed), uint8(150 + y*80/h), 220, 255}
			if float64(y) > ridge {
				c = color.RGBA{uint8(60 + 15*seed), uint8(110 - y*50/h), 50, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func encode(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func dataURI(t *testing.T, img image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
}

// tile number n of the gallery; its picture is one of the photos in turn.
func (g *gallery) tile(n int, at time.Time) media.Tile {
	p := g.photos[n%len(g.photos)]
	id := fmt.Sprintf("%04d", n)
	return media.Tile{
		ID: id, Href: "/media/" + id + "?in=timeline", ThumbURL: "/media/" + id + "/thumb?v=1", PlaceholderURI: p.placeholder,
		Alt: p.alt + ", " + at.Format("2 January 2006"), Width: p.width, Height: p.height, TakenAt: at, Kind: "photo", Status: "ready",
		Filename: "IMG_" + id + ".jpg", Favourite: n%9 == 4,
	}
}

func (g *gallery) servePhoto(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	p := g.photos[n%len(g.photos)]
	w.Header().Set("Content-Type", p.mime)
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	body := p.preview
	if strings.HasSuffix(r.URL.Path, "/thumb") {
		body = p.thumb
	}
	_, _ = w.Write(body)
}
