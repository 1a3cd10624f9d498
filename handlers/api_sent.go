package handlers

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// apiSentID is an id in the body of a PATCH, where null and absent differ: one
// takes away, the other leaves as it is.
type apiSentID struct {
	Sent bool
	ID   *uuid.UUID
}

// UnmarshalJSON implements json.Unmarshaler; it is not called for an absent field.
func (s *apiSentID) UnmarshalJSON(b []byte) error {
	s.Sent = true
	if err := json.Unmarshal(b, &s.ID); err != nil {
		return fmt.Errorf("read an id: %w", err)
	}
	return nil
}

// Schema implements huma.SchemaProvider.
func (apiSentID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "uuid", Nullable: true}
}

// orZero is what app takes: the zero id for null, nil for absent.
func (s apiSentID) orZero() *uuid.UUID {
	if s.Sent && s.ID == nil {
		return &uuid.Nil
	}
	return s.ID
}
