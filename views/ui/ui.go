// Package ui holds the small parts that every page is made of: icons, fields, empty states, and the classes
// that carry numbers into CSS, where a strict content security policy allows no style attribute.
package ui

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Errors maps a form field's name to the sentence that says what is wrong with it and what to do.
// The key "" holds what concerns the form as a whole.
type Errors map[string]string

// Option is one choice of a select or a group of radio buttons.
type Option struct {
	Value, Label, Hint string
	Selected           bool
}

// Input describes one labelled form field.
type Input struct {
	Name, Label, Type, Value, Hint, Autocomplete, Placeholder, InputMode string
	Error                                                                string
	Required, Autofocus                                                  bool
	MaxLength                                                            int
	Rows                                                                 int // over 0: a text area
}

// id is the element id of the field; names are unique on a page.
func (f Input) id() string { return "f-" + f.Name }

func (f Input) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// describedBy lists the ids of hint and error, for aria-describedby.
func (f Input) describedBy() string {
	switch {
	case f.Hint != "" && f.Error != "":
		return f.id() + "-hint " + f.id() + "-error"
	case f.Error != "":
		return f.id() + "-error"
	case f.Hint != "":
		return f.id() + "-hint"
	}
	return ""
}

// Initials returns one or two letters that stand for a name: of its first and of its last word.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "?"
	}
	first := []rune(words[0])[:1]
	if last := words[len(words)-1]; len(words) > 1 {
		first = append(first, []rune(last)[0])
	}
	return strings.ToUpper(string(first))
}

// Aspect returns the classes that carry width/height to CSS as --r, exact to a hundredth (see static/ratio.go).
// Unknown sizes count as 3:2; extreme ones are held between 0.30 and 9.99 and cropped by the tile.
func Aspect(width, height int) string {
	hundredths := int(math.Round(ratio(width, height) * 100))
	return "i" + strconv.Itoa(hundredths/100) + " f" + strconv.Itoa(hundredths%100)
}

// AspectFine is [Aspect] exact to a thousandth, for a photo that fills the screen.
func AspectFine(width, height int) string {
	thousandths := int(math.Round(ratio(width, height) * 1000))
	return "i" + strconv.Itoa(thousandths/1000) + " f" + strconv.Itoa(thousandths/10%100) + " t" + strconv.Itoa(thousandths%10)
}

func ratio(width, height int) float64 {
	if width <= 0 || height <= 0 {
		return 1.5
	}
	return min(max(float64(width)/float64(height), 0.3), 9.99)
}

// Extent returns the class that tells CSS how much room a grid of these aspect ratios will need,
// so that the scroll bar is right for days that were not laid out yet. sum adds up width/height.
func Extent(sum float64) string {
	step := int(math.Ceil(math.Sqrt(max(sum, 1)) * 2))
	return "s" + strconv.Itoa(min(step, 60))
}

// Ratio is the aspect ratio that [Aspect] stands for.
func Ratio(width, height int) float64 { return ratio(width, height) }

// MaxWidth returns the class that keeps a small picture from being blown up beyond its own pixels.
func MaxWidth(width int) string {
	if width <= 0 || width >= 2048 {
		return ""
	}
	return "w" + strconv.Itoa((width+63)/64)
}
