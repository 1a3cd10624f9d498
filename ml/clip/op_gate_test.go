package clip

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"albumen/ml/clip/kernel"
)

func TestTextsHoldPicturesUpForHalfOfTheTimeAtMost(t *testing.T) {
	at := time.Unix(1, 0)
	g := &gate{now: func() time.Time { return at }}
	shut := func() bool { return g.holders.Load() > 0 }

	open := g.shut()
	if !shut() {
		t.Fatal("a text did not shut the gate")
	}
	at = at.Add(longestShut - time.Millisecond)
	another := g.shut()
	open()
	if !shut() {
		t.Fatal("the second text did not hold the gate")
	}
	at = at.Add(201 * time.Millisecond)
	g.shut()() // too late: neither holds the gate nor opens it
	if !shut() {
		t.Fatal("a text opened the gate that another holds")
	}
	another()
	if shut() {
		t.Fatal("the gate is shut without a text")
	}
	g.pass()

	at = at.Add(200 * time.Millisecond)
	if g.shut(); shut() {
		t.Fatal("texts shut the gate again though pictures had less time than they")
	}
	at = at.Add(time.Millisecond)
	open = g.shut()
	if !shut() {
		t.Fatal("texts never overtake pictures again")
	}
	at = at.Add(time.Millisecond)
	open()
	at = at.Add(time.Hour) // is not saved up
	open = g.shut()
	at = at.Add(longestShut)
	open()
	if g.shut(); shut() {
		t.Fatal("the gate was shut for longer than it may be")
	}
}

// Texts that overlap would otherwise never let a picture pass.
func TestTextsWithoutEndDoNotStarvePictures(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", smallModels[0]), 2, kernel.Best())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	texts, end := context.WithCancel(ctx)
	var talking sync.WaitGroup
	for range 4 {
		talking.Go(func() {
			for texts.Err() == nil {
				if _, err := m.EmbedTexts(texts, []string{"a photo of a cat"}); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	side := m.Config().Vision.ImageSize
	px := make([]Pixels, 3)
	for i := range px {
		px[i] = Pixels{Size: side, RGB: make([]byte, side*side*3)}
	}
	vectors, err := m.EmbedImages(ctx, px)
	if err != nil || len(vectors) != len(px) {
		t.Errorf("%d pictures, %v", len(vectors), err)
	}
	end()
	talking.Wait()
}
