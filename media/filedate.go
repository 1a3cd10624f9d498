package media

import (
	"regexp"
	"strconv"
	"time"
)

// Names that phones, cameras and messengers give: IMG_20240705_181530.jpg,
// PXL_20240705_181530123.jpg, 2024-07-05 18.15.30.jpg, IMG-20240705-WA0003.jpg,
// Screenshot_2024-07-05-18-15-30.png, signal-2024-07-05-181530.jpg.
var (
	nameDateTime = regexp.MustCompile(`(?:^|\D)((?:19|20)\d{2})[-_.]?([01]\d)[-_.]?([0-3]\d)[-_ .T]{1,4}(?:at )?([0-2]\d)[-_.:hH]?([0-5]\d)[-_.:mM]?([0-5]\d)(?:\d{3})?(?:\D|$)`)
	nameDate     = regexp.MustCompile(`(?:^|\D)((?:19|20)\d{2})([-_.]?)([01]\d)([-_.]?)([0-3]\d)(?:\D|$)`)
)

// Complete gives m a date from the file's name, else from its time stamp (zero:
// unknown), if its content had none. zone (nil: UTC) is the one assumed.
func (m *Metadata) Complete(filename string, modified time.Time, zone *time.Location) {
	if !m.TakenAtLocal.IsZero() {
		return
	}
	if zone == nil {
		zone = time.UTC
	}
	if local, ok := dateInName(filename); ok {
		m.TakenAtLocal, m.OffsetMinutes, m.TakenAtSource = local, assumeOffset(local, zone), SourceFilename
		m.TakenAt = instant(local, *m.OffsetMinutes)
		return
	}
	if !modified.IsZero() {
		_, seconds := modified.In(zone).Zone()
		minutes := seconds / 60
		m.TakenAt = modified.UTC()
		m.OffsetMinutes, m.TakenAtSource = &minutes, SourceFileMtime
		m.TakenAtLocal = m.TakenAt.Add(time.Duration(minutes) * time.Minute)
	}
}

func dateInName(name string) (time.Time, bool) {
	if g := nameDateTime.FindStringSubmatch(name); g != nil {
		if t, ok := validDate(number(g[1]), number(g[2]), number(g[3]), number(g[4]), number(g[5]), number(g[6])); ok {
			return t, true
		}
	}
	if g := nameDate.FindStringSubmatch(name); g != nil && g[2] == g[4] {
		return validDate(number(g[1]), number(g[3]), number(g[5]), 0, 0, 0)
	}
	return time.Time{}, false
}

// number reads digits that a pattern has already checked.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
