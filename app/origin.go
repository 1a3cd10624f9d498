package app

import (
	"context"
	"net/netip"
)

// Origin is where a request comes from, for the audit log and for limits.
type Origin struct {
	Addr      netip.Addr // invalid where there is none, as on the command line
	RequestID string     // as in the log of the web process
}

type originKey struct{}

// WithOrigin returns a context that carries where the request comes from.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns what WithOrigin stored, or the zero Origin.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
