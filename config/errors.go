package config

import "strings"

// Problem is one reason why the configuration is refused.
type Problem struct {
	Variable string // the variable to change
	Message  string // what is wrong, as the end of a sentence that starts with the variable
	Remedy   string // what to do, a sentence
}

// String is the problem as two sentences for a person.
func (p Problem) String() string { return p.Variable + " " + p.Message + ". " + p.Remedy }

// Error lists every problem found, so that they can be mended in one go.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects what is wrong while parsing goes on.
type problems []Problem

func (p *problems) add(variable, message, remedy string) {
	*p = append(*p, Problem{variable, message, remedy})
}

// Secret is a value that must not show up in logs or error pages; string(s) reveals it.
type Secret string

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString keeps %#v from revealing the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders and structured logs from revealing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
