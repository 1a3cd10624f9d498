package ml_test

import (
	"math"
	"slices"
	"testing"

	"albumen/ml"
)

func TestVectorsSurviveTheWay(t *testing.T) {
	want := []float32{1, -0.5, math.SmallestNonzeroFloat32, 0}
	got, err := ml.DecodeVector(ml.EncodeVector(want), len(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "short": make([]byte, 7), "long": make([]byte, 12),
		"nan": ml.EncodeVector([]float32{0, float32(math.NaN())}), "infinite": ml.EncodeVector([]float32{float32(math.Inf(-1)), 0}),
	} {
		if _, err := ml.DecodeVector(b, 2); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := ml.DecodeVector(nil, 0); err == nil {
		t.Error("no dimension: no error")
	}
}

func TestModelKeysAreShortAndDiffer(t *testing.T) {
	a, b := ml.ModelKey(ml.ModelID("tiny", "0123456789ab")), ml.ModelKey(ml.ModelID("tiny", "0123456789ac"))
	if len(a) != 12 || a == b {
		t.Errorf("%q and %q", a, b)
	}
	if kind := (ml.EmbedImage{Model: "tiny@0123456789ab"}).Kind(); kind != "embed_image:"+a {
		t.Errorf("the queue is %q", kind)
	}
}
