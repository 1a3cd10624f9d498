package app

import (
	"errors"
	"fmt"
)

// Code says what kind of failure an Error is. Handlers map it to an HTTP
// status, the API prints it as `code`.
type Code string

// The codes, with the HTTP status that each becomes.
const (
	CodeInvalid         Code = "invalid"         // 422: the input breaks a rule; Fields says where
	CodeUnauthenticated Code = "unauthenticated" // 401: sign in first
	CodeForbidden       Code = "forbidden"       // 403: known object, but not this act (never for objects that the actor may not see)
	CodeNotFound        Code = "not_found"       // 404: does not exist, or not for this actor
	CodeConflict        Code = "conflict"        // 409: somebody else changed it meanwhile
	CodeTooLarge        Code = "too_large"       // 413: over a limit or the quota
	CodeUnsupported     Code = "unsupported"     // 415: not a type that Albumen keeps
	CodeRateLimited     Code = "rate_limited"    // 429: too many attempts; try later
	CodeUnavailable     Code = "unavailable"     // 503: a part of the service is away; try later
	CodeInternal        Code = "internal"        // 500: our fault; the log knows more
)

// Error is a failure that a person may be told about. Key names the message
// in the catalogue, Args fill it; both are safe to show. Err is for the log.
type Error struct {
	Code   Code
	Key    string
	Args   map[string]any
	Fields map[string]string // input field → message key; only with CodeInvalid
	Err    error
}

// ByteCount is a value of Error.Args that is shown as a size, such as "2 GB".
type ByteCount int64

// Error returns the text for the log, never for a person.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s (%s): %v", e.Code, e.Key, e.Err)
	}
	return fmt.Sprintf("%s (%s)", e.Code, e.Key)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns err's code: CodeInternal for an error that is not an *Error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// NotFound is the one answer for what does not exist and for what the actor
// may not see. There is a message not_found.WHAT for each kind of thing.
func NotFound(what string) *Error {
	return &Error{Code: CodeNotFound, Key: "not_found." + what}
}

// Invalid reports a broken rule of one input field.
func Invalid(field, key string) *Error {
	return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: map[string]string{field: key}}
}

// Unauthenticated says that one must sign in first.
func Unauthenticated() *Error { return &Error{Code: CodeUnauthenticated, Key: "error.unauthenticated"} }

// RetryAfter returns how many seconds to wait when err is CodeRateLimited.
func RetryAfter(err error) (seconds int, ok bool) {
	if e, is := errors.AsType[*Error](err); is && e.Code == CodeRateLimited {
		seconds, ok = e.Args["Seconds"].(int)
	}
	return seconds, ok
}
