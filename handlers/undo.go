package handlers

import (
	"context"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/layout"
)

// undoApp is what taking back needs.
type undoApp interface {
	Undo(ctx context.Context, actor app.Actor, operation uuid.UUID) (app.Undone, error)
}

type undoHandlers struct {
	*Server
	app undoApp
}

// undo takes back what one of one's own acts did. That it cannot be taken back
// (any more) is told in the place of the receipt: nothing else was asked for.
func (h undoHandlers) undo(c echo.Context) error {
	id, err := uuid.Parse(c.Param("operation"))
	if err != nil {
		return app.NotFound("action")
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx, back := c.Request().Context(), backOf(fields, "/timeline")
	undone, err := h.app.Undo(ctx, h.actor(c), id)
	told := layout.Receipt{Text: i18n.T(ctx, "receipt_of.undone")}
	switch {
	case app.CodeOf(err) == app.CodeNotFound:
		told = layout.Receipt{Text: i18n.T(ctx, "receipt_of.undo_gone"), Error: true}
	case err != nil:
		return err
	case undone.Restored == 0:
		told = layout.Receipt{Text: i18n.T(ctx, "receipt_of.undone_none"), Error: true}
	case undone.Skipped > 0:
		told.Text = i18n.T(ctx, "receipt_of.undone_part")
	}
	if undone.Before != uuid.Nil { // undoing once more goes on with that
		told.UndoURL, told.UndoText = undoURL(undone.Before), i18n.T(ctx, "receipt.undo_before")
	}
	return h.done(c, told, back)
}
