package media

import (
	"context"

	"albumen/media/internal/vips"
)

// Still makes the pictures of the still at path, which Sniff said to be t. The
// file itself is never changed. Errors that concern the file are *ProcessError;
// others (a cancelled context, a decoder that cannot be started) are not.
func (p *Processor) Still(ctx context.Context, path string, t Type) (Result, error) {
	d, err := p.decode(ctx, path, t, func(h vips.Header, _ int64) (decodeRequest, int64) {
		w, hi := shown(h)
		return decodeRequest{Edge: PreviewEdge, Width: w, Height: hi}, canvasMemory
	})
	if err != nil {
		return Result{}, err
	}
	if d.answer.Result.Damaged && d.answer.Flat {
		return Result{}, &ProcessError{CodeBroken, "The file is damaged: no part of the picture can be read.", nil}
	}
	r, h := d.answer.Result, d.header
	r.Orientation = h.Orientation
	r.Width, r.Height = shown(h)
	r.Animated = d.claims.animated || h.Pages > 1 && t.Ext == "gif"
	return r, nil
}

// shown is the size of the picture the right way up.
func shown(h vips.Header) (width, height int) {
	if h.Orientation >= 5 {
		return h.Height, h.Width
	}
	return h.Width, h.Height
}
