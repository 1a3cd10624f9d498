package serve

import (
	"context"
	"errors"
	"fmt"

	"albumen/ml"
	"albumen/ml/hub"
)

// Fetch implements Source. The error is a *Problem, or that of ctx.
func (s *ModelSource) Fetch(ctx context.Context, progress func(hub.Progress)) error {
	if s.config.Folder != "" {
		return &Problem{Detail: ml.Detail{Code: ml.DetailFolder, Text: fmt.Sprintf("CLIP_MODEL names the folder %s, which is not there. Put the model there, or correct CLIP_MODEL.", s.folder)}}
	}
	fetched, err := hub.Fetcher{Base: s.config.Dir, URL: s.config.URL, Progress: progress}.Fetch(ctx, s.name)
	for _, f := range fetched.Files {
		if f.CheckedBy == "" {
			s.unchecked = append(s.unchecked, f.Name)
		}
	}
	failed, ok := errors.AsType[*hub.Error](err)
	if !ok {
		return err
	}
	code, ok := details[failed.Kind]
	if !ok {
		code = ml.DetailRefused
	}
	return &Problem{Err: err, Detail: ml.Detail{Code: code, Text: fmt.Sprintf("Could not %v. Put into %s, its files are found, too.", failed, s.folder)}}
}

// Unchecked lists those of the files that Fetch brought for which nobody publishes a
// checksum, so that only their lengths were compared.
func (s *ModelSource) Unchecked() []string { return s.unchecked }

// details are the codes for what kept a model from being fetched; all others
// are the source's fault.
var details = map[hub.Kind]string{
	hub.KindNetwork: ml.DetailOffline, hub.KindDisk: ml.DetailDisk, hub.KindFolder: ml.DetailFolder,
}
