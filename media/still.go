package media

import (
	"context"

	"albumen/media/internal/vips"
)

// Still makes the pictures of the still at path, which Sniff said to be t. The
// file itself is never changed. Errors that concern the file are *ProcessError;
// others (a cancelled context, a decoder that cannot be started) are not.
func (p *Processor) Still(ctx context.Context, path string, t Type) (Result, error) {
	d, err := p.decode(ctx, path, t, func(vips.Header, int64) (decodeRequest, int64) {
		return decodeRequest{Edge: PreviewEdge}, canvasMemory
	})
	if err != nil {
		return Result{}, err
	}
	if d.answer.Result.Damaged && d.answer.Flat {
		return Result{}, &ProcessError{CodeBroken, "The file is damaged: no part of the picture can be read.", nil}
	}
	r, h := d.answer.Result, d.header
	r.Orientation = h.Orientation
	r.Width, r.Height = h.Width, h.Height
	if r.Orientation >= 5 {
		r.Width, r.Height = h.Height, h.Width
	}
	r.Animated = d.claims.animated || h.Pages > 1 && t.Ext == "gif"
	return r, nil
}
