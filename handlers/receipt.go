package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/layout"
)

// done answers an act that changed something. Scripts get the receipt alone;
// a plain form leads back to where it came from, which shows the receipt once.
// Undoing leads there too, unless the receipt says otherwise.
func (s *Server) done(c echo.Context, r layout.Receipt, back string) error {
	if r.UndoURL != "" && r.Back == "" {
		r.Back = back
	}
	if wantsFragment(c.Request()) {
		return s.render(c, http.StatusOK, layout.ReceiptRegion(&r, true))
	}
	if err := s.leaveReceipt(c, r); err != nil {
		return err
	}
	return seeOther(c, back)
}

// receiptOf tells what was done; nothing to undo when nothing had to be done.
func receiptOf(ctx context.Context, r app.Receipt) layout.Receipt {
	key := map[string]string{
		"trash": "receipt_of.trash", "restore": "receipt_of.restore", "favourite": "receipt_of.favourite",
		"unfavourite": "receipt_of.unfavourite", "edit": "receipt_of.edit",
		"move": "receipt_of.move", "remove": "receipt_of.remove",
	}[r.Kind]
	out := layout.Receipt{Text: i18n.T(ctx, key)}
	if r.OperationID != uuid.Nil {
		out.UndoURL = undoURL(r.OperationID)
	}
	return out
}

func undoURL(operation uuid.UUID) string { return "/undo/" + operation.String() }

// act runs what a button of a form does to the item of the address.
func act(c echo.Context, do func(uuid.UUID, url.Values) error) error {
	id, err := mediaID(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	return do(id, fields)
}

// backOf is where the form says that it came from, as far as that is a place
// within this site; otherwise fallback.
func backOf(fields url.Values, fallback string) string {
	if back := localPath(fields.Get("back")); back != "" {
		return back
	}
	return fallback
}
