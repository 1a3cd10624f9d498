package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
)

const (
	// probeMemory and probeCPU limit ffprobe, which reads files of strangers.
	probeMemory = 256 * mib
	probeCPU    = 20 // seconds
	// probeFormats are the containers that Sniff keeps; ffprobe guesses anew,
	// and must not take a playlist for a video.
	probeFormats = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpegts,mpeg,mpegvideo,asf,flv,ogg"
	maxProbe     = 1 << 20 // bytes of its answer
)

// CheckKept tells whether the file at path, which Sniff said to be t and of
// which no pictures are made yet, can be shown at all one day: a video in which
// ffprobe finds pictures in a format that it knows, a RAW in which exiftool
// found the size (m, where that could be read). What is wrong with the file is
// a *ProcessError; other errors are not the file's fault.
func (p *Processor) CheckKept(ctx context.Context, path string, t Type, m *Metadata) error {
	switch {
	case t.Kind == KindVideo:
		return p.checkVideo(ctx, path)
	case m != nil && t.Ext != "jxl" && (m.Width <= 0 || m.Height <= 0):
		return &ProcessError{CodeBroken, "The file is damaged: it does not say how large its picture is.", nil}
	}
	return nil
}

func (p *Processor) checkVideo(ctx context.Context, path string) error {
	_, err := p.videoCodec(ctx, path)
	return err
}

// videoCodec is ffmpeg's name for how the first track of pictures is coded.
// Errors are those of CheckKept.
func (p *Processor) videoCodec(ctx context.Context, path string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	// The file is named by its protocol, lest its name be taken for an option or an address.
	cmd := exec.CommandContext(limited, "prlimit", "--data="+strconv.FormatInt(probeMemory, 10), "--cpu="+strconv.Itoa(probeCPU), "--core=0", "--fsize=0", "--",
		"ffprobe", "-v", "error", "-threads", "1", "-protocol_whitelist", "file", "-format_whitelist", probeFormats,
		"-show_entries", "stream=codec_type,codec_name,width,height", "-of", "json", "file:"+path)
	var out, said limitedBuffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case limited.Err() != nil:
		return "", &ProcessError{CodeTimeout, "Looking into the video took too long.", limited.Err()}
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("look into a video: %w", err)
	case err != nil:
		return "", &ProcessError{CodeBroken, "The video is damaged: it cannot be read.", fmt.Errorf("ffprobe: %w: %s", err, said.Bytes())}
	}
	var answer struct {
		Streams []struct {
			Type  string `json:"codec_type"`
			Codec string `json:"codec_name"`
			Width int    `json:"width"`
		}
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return "", &ProcessError{CodeBroken, "The video is damaged: it cannot be read.", fmt.Errorf("ffprobe's answer: %w", err)}
	}
	sound := false
	for _, s := range answer.Streams {
		known := s.Codec != "" && s.Codec != "unknown"
		if s.Type == "video" && known && s.Width > 0 {
			return s.Codec, nil
		}
		sound = sound || s.Type == "audio" && known
	}
	if sound {
		return "", &ProcessError{CodeUnsupported, "The file holds sound, but no picture.", nil}
	}
	return "", &ProcessError{CodeBroken, "The video is damaged: no pictures can be found in it.", nil}
}

// limitedBuffer keeps the beginning of what a child says.
type limitedBuffer struct{ bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := maxProbe - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
