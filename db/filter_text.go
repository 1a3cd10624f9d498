package db

import "strings"

// TSQuery is the text form of a PostgreSQL tsquery, made by the server itself;
// empty: no condition.
type TSQuery string

// HasPrefix tells whether the query asks for a beginning of words.
func (q TSQuery) HasPrefix() bool { return strings.Contains(string(q), "':*") }
