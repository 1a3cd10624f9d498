package handlers

import "testing"

func TestCameraNameDoesNotRepeatTheMake(t *testing.T) {
	for _, c := range [][3]string{
		{"Canon", "Canon EOS 7D", "Canon EOS 7D"},
		{"NIKON CORPORATION", "NIKON D5600", "NIKON D5600"},
		{"Apple", "iPhone 4", "Apple iPhone 4"},
		{"", "X100", "X100"},
		{"FUJIFILM", "", "FUJIFILM"},
		{"", "", ""},
	} {
		if got := cameraName(c[0], c[1]); got != c[2] {
			t.Errorf("cameraName(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestFormatOffset(t *testing.T) {
	for minutes, want := range map[int]string{0: "+00:00", 120: "+02:00", -210: "-03:30", 345: "+05:45"} {
		if got := formatOffset(minutes); got != want {
			t.Errorf("formatOffset(%d) = %q, want %q", minutes, got, want)
		}
	}
}
