package i18n

import (
	"context"
	"testing"
	"time"

	"golang.org/x/text/language"
)

func TestTextFillsPlaceholders(t *testing.T) {
	ctx := With(context.Background(), Match("en", "", nil))
	if got := T(ctx, "app.title", "Page", "Trash", "Site", "Albumen"); got != "Trash · Albumen" {
		t.Errorf("T = %q", got)
	}
	if got := T(ctx, "no.such.key"); got != "no.such.key" {
		t.Errorf("an unknown key gave %q", got)
	}
}

func TestPluralForms(t *testing.T) {
	ctx := context.Background()
	for n, want := range map[int]string{1: "One photo", 2: "2 photos", 1200: "1,200 photos"} {
		if got := N(ctx, "day.count", n); got != want {
			t.Errorf("N(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestMatchFallsBackToEnglish(t *testing.T) {
	for _, c := range []struct{ preferred, header string }{{"", ""}, {"xx", "q;;;"}, {"de", "fr-CH, fr;q=0.9"}, {"en-GB", ""}} {
		l := Match(c.preferred, c.header, nil)
		if base, _ := l.tag.Base(); base.String() != "en" {
			t.Errorf("Match(%q, %q) = %s", c.preferred, c.header, l.tag)
		}
	}
	if got := Languages(); len(got) != 1 || got[0] != language.English.String() {
		t.Errorf("Languages = %v", got)
	}
}

func TestDates(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	ctx := With(context.Background(), Match("", "", zone))
	at := time.Date(2024, 7, 13, 23, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		Day(ctx, at):            "Saturday, 13 July 2024",
		Date(ctx, at):           "13 July 2024",
		Clock(ctx, at):          "23:05",
		Moment(ctx, at):         "14 July 2024, 01:05",
		Month(ctx, 2024, 7):     "July 2024",
		MonthName(ctx, 12):      "December",
		Zone(ctx).String() + "": zone.String(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	ctx := context.Background()
	for got, want := range map[string]string{
		Number(ctx, 1234567):             "1,234,567",
		Decimal(ctx, 2.25, 1):            "2.2",
		Bytes(ctx, 0):                    "0\u00a0B",
		Bytes(ctx, 999):                  "999\u00a0B",
		Bytes(ctx, 4_210_000):            "4.2\u00a0MB",
		Bytes(ctx, 42_100_000):           "42\u00a0MB",
		Bytes(ctx, 999_900_000):          "1\u00a0GB",
		Length(65 * time.Second):         "1:05",
		Length(3723 * time.Second):       "1:02:03",
		Length(59600 * time.Millisecond): "1:00",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
