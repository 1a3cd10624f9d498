package handlers

import (
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
)

var auditColumns = []string{
	"entry", "at", "actor_kind", "actor_id", "actor", "action", "object_kind", "object_id", "subject_id", "subject",
	"address", "request_id", "detail", "hash",
}

// export sends what the filters let through as CSV, as it is read.
func (h auditHandlers) export(c echo.Context) error {
	q, err := h.query(c)
	if err != nil {
		return err
	}
	w := csv.NewWriter(c.Response())
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		header := c.Response().Header()
		header.Set("Content-Type", "text/csv; charset=utf-8")
		header.Set("Content-Disposition", `attachment; filename="audit-`+time.Now().UTC().Format(time.DateOnly)+`.csv"`)
		header.Set("Cache-Control", "no-store")
		c.Response().WriteHeader(http.StatusOK)
		return w.Write(auditColumns)
	}
	err = h.app.ExportAudit(c.Request().Context(), h.actor(c), q, func(e app.AuditEntry) error {
		if err := begin(); err != nil {
			return err
		}
		return w.Write(auditRecord(e))
	})
	if err == nil {
		err = begin() // where nothing fits
	}
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	if err != nil {
		return fmt.Errorf("export the audit log: %w", err)
	}
	return nil
}

func auditRecord(e app.AuditEntry) []string {
	id := func(id *uuid.UUID) string {
		if id == nil {
			return ""
		}
		return id.String()
	}
	number := ""
	if e.Seq != nil {
		number = strconv.FormatInt(*e.Seq, 10)
	}
	record := []string{
		number, e.At.UTC().Format(time.RFC3339Nano), e.ActorKind, id(e.ActorID), e.ActorName, e.Action, e.ObjectKind, id(e.ObjectID),
		id(e.SubjectID), e.SubjectName, e.Ip, e.RequestID, string(e.Detail), hex.EncodeToString(e.Hash),
	}
	for i, cell := range record {
		record[i] = harmlessCell(cell)
	}
	return record
}

// harmlessCell keeps a spreadsheet from taking a text for a formula.
func harmlessCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
