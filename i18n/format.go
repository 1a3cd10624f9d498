package i18n

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/number"
)

// dateFormat is how one language writes dates. To add a language, add one of these and its message files.
type dateFormat struct {
	months   [12]string
	weekdays [7]string
	day      func(f dateFormat, t time.Time) string // with weekday and year
	date     func(f dateFormat, t time.Time) string // without weekday
	month    func(f dateFormat, year int, m time.Month) string
	clock    string // layout for [time.Time.Format]
}

var english = dateFormat{
	months:   [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	day: func(f dateFormat, t time.Time) string {
		return fmt.Sprintf("%s, %d %s %d", f.weekdays[t.Weekday()], t.Day(), f.months[t.Month()-1], t.Year())
	},
	date: func(f dateFormat, t time.Time) string {
		return fmt.Sprintf("%d %s %d", t.Day(), f.months[t.Month()-1], t.Year())
	},
	month: func(f dateFormat, year int, m time.Month) string {
		return fmt.Sprintf("%s %d", f.months[m-1], year)
	},
	clock: "15:04",
}

func datesFor(language.Tag) dateFormat { return english }

// Day writes a date with its weekday, such as "Saturday, 13 July 2024". It does not convert zones:
// the wall clock of t is what is written (a photo's day is the day where it was taken).
func Day(ctx context.Context, t time.Time) string {
	f := From(ctx).dates
	return f.day(f, t)
}

// Date writes "13 July 2024" from the wall clock of t.
func Date(ctx context.Context, t time.Time) string {
	f := From(ctx).dates
	return f.date(f, t)
}

// Clock writes "14:05" from the wall clock of t.
func Clock(ctx context.Context, t time.Time) string { return t.Format(From(ctx).dates.clock) }

// Moment writes an instant as date and clock in the reader's own time zone.
func Moment(ctx context.Context, t time.Time) string {
	l := From(ctx)
	t = t.In(l.zone)
	return l.dates.date(l.dates, t) + ", " + t.Format(l.dates.clock)
}

// Month writes "July 2024".
func Month(ctx context.Context, year int, m time.Month) string {
	f := From(ctx).dates
	return f.month(f, year, m)
}

// MonthName writes "July".
func MonthName(ctx context.Context, m time.Month) string { return From(ctx).dates.months[m-1] }

// Number writes n with the locale's separators.
func Number(ctx context.Context, n int) string { return From(ctx).printer.Sprint(number.Decimal(n)) }

// Decimal writes x with at most digits places after the separator.
func Decimal(ctx context.Context, x float64, digits int) string {
	return From(ctx).printer.Sprint(number.Decimal(x, number.MaxFractionDigits(digits)))
}

// Bytes writes a size with decimal units (1 kB = 1000 bytes), such as "4.2 MB".
func Bytes(ctx context.Context, n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	x, i := float64(n), 0
	for math.Abs(x) >= 999.5 && i < len(units)-1 {
		x, i = x/1000, i+1
	}
	digits := 0
	if i > 0 && math.Abs(x) < 10 || i > 2 && math.Abs(x) < 100 {
		digits = 1
	}
	return Decimal(ctx, x, digits) + "\u00a0" + units[i]
}

// Length writes a playing time as "1:05" or "1:02:03"; fractions of a second are rounded.
func Length(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
