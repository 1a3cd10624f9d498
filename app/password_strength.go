package app

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/match"
)

// minStrength is zxcvbn's score from which a password is taken: at least 10⁸
// guesses, which neither sign-in limits nor bcrypt leave anybody the time for.
const minStrength = 3

// judgePassword reports in fields["password"] why a new password is refused:
// too short or long, too easy to guess, also by whoever knows what is personal
// (name, address), or in the list of breached ones where the site asks that.
func (a *App) judgePassword(ctx context.Context, password string, fields map[string]string, personal ...string) error {
	checkPassword(password, fields)
	if fields["password"] != "" {
		return nil
	}
	settings, err := a.siteSettings(ctx)
	if err != nil {
		return err
	}
	plain := string(normalPassword(password))
	if weak := weakness(plain, append(personal, settings.SiteName)); weak != "" {
		fields["password"] = weak
		return nil
	}
	if !settings.BreachedCheck {
		return nil
	}
	found, err := a.breached.has(plain)
	if err == nil && found {
		fields["password"] = "error.password_breached"
	}
	return err
}

// weakness is the message that says why a password is easy to guess and what
// helps, "" when it is not.
func weakness(password string, personal []string) string {
	known := personalWords(personal)
	result := zxcvbn.PasswordStrength(password, known)
	if result.Score >= minStrength {
		return ""
	}
	var longest *match.Match
	for _, m := range result.Sequence {
		if slices.Contains(known, m.MatchedWord) {
			return "error.password_personal"
		}
		if m.Pattern != "bruteforce" && (longest == nil || len(m.Token) > len(longest.Token)) {
			longest = m
		}
	}
	if longest == nil {
		return "error.password_weak"
	}
	switch longest.Pattern {
	case "repeat":
		return "error.password_repeats"
	case "sequence", "spatial":
		return "error.password_keys"
	case "date", "regex":
		return "error.password_date"
	case "dictionary":
		if longest.DictionaryName == "passwords" {
			return "error.password_common"
		}
	}
	return "error.password_weak"
}

// minPersonal is how long a word is that guessing by name would try.
const minPersonal = 3

// personalWords splits names and addresses into what a password should not be
// made of.
func personalWords(texts []string) []string {
	var words []string
	for _, text := range texts {
		text = strings.ToLower(text)
		words = append(words, text)
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if utf8.RuneCountInString(w) >= minPersonal {
				words = append(words, w)
			}
		}
	}
	return words
}
