package app

import (
	"context"
	"fmt"
)

// Camera is a camera that took some of the actor's photos.
type Camera struct {
	Make, Model string // Model is what Filter.CameraModel takes
}

// Cameras returns the cameras of the actor's own timeline, by model.
func (a *App) Cameras(ctx context.Context, actor Actor) ([]Camera, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	rows, err := a.db.CamerasOf(ctx, actor.UserID())
	if err != nil {
		return nil, fmt.Errorf("list the cameras: %w", err)
	}
	cameras := make([]Camera, len(rows))
	for i, r := range rows {
		cameras[i] = Camera{Make: r.CameraMake, Model: r.CameraModel}
	}
	return cameras, nil
}
