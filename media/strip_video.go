package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const (
	copyMemory = 512 * mib
	// copyRate is the slowest disk, in bytes a second, that copying a video is given time for.
	copyRate = 16 << 20
)

// muxers are ffmpeg's names of the containers, by extension.
var muxers = map[string]string{
	"mp4": "mp4", "mov": "mov", "3gp": "3gp", "mkv": "matroska", "webm": "webm", "avi": "avi", "mts": "mpegts",
	"mpg": "vob", "wmv": "asf", "flv": "flv", "ogv": "ogg",
}

// stripVideo has ffmpeg copy pictures and sound, as they are coded, into a new
// container, without titles, dates, positions, chapters, cover pictures, subtitles
// and tracks of data. What its own container cannot take goes into Matroska.
func (p *Processor) stripVideo(ctx context.Context, path string, t Type, to string) (Stripped, error) {
	codec, err := p.videoCodec(ctx, path)
	if err != nil {
		return Stripped{}, err
	}
	err = p.remux(ctx, path, to, muxers[t.Ext], codec)
	if err == nil {
		return Stripped{Type: t}, nil
	}
	failure, ok := errors.AsType[*ProcessError](err)
	if !ok || failure.Code != CodeBroken || t.Ext == "mkv" {
		return Stripped{}, err
	}
	os.Remove(to) //nolint:errcheck // ffmpeg may not have begun
	if err := p.remux(ctx, path, to, "matroska", codec); err != nil {
		return Stripped{}, err
	}
	return Stripped{Type: video("video/x-matroska", "mkv")}, nil
}

// remux copies the tracks of pictures and sound.
func (p *Processor) remux(ctx context.Context, path, to, muxer, codec string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("strip a video: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, p.cfg.Timeout+time.Duration(info.Size()/copyRate)*time.Second)
	defer cancel()
	seconds := int64(p.cfg.Timeout/time.Second) + info.Size()/copyRate
	args := []string{
		"--data=" + strconv.FormatInt(copyMemory, 10), "--cpu=" + strconv.FormatInt(seconds, 10), "--core=0",
		"--fsize=" + strconv.FormatInt(2*info.Size()+64*mib, 10), "--",
		"ffmpeg", "-nostdin", "-v", "error", "-n", "-threads", "1", "-protocol_whitelist", "file", "-format_whitelist", probeFormats,
		"-fflags", "+genpts", "-i", "file:" + path,
		// V: pictures in motion, without attached ones.
		"-map", "0:V", "-map", "0:a?", "-c", "copy",
		"-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1",
		"-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-strict", "unofficial",
	}
	if codec == "h264" {
		// Cameras write date, position and serial number between the pictures.
		args = append(args, "-bsf:v", "filter_units=remove_types=6")
	}
	cmd := exec.CommandContext(limited, "prlimit", append(args, "-f", muxer, "file:"+to)...)
	var said limitedBuffer
	cmd.Stderr = &said
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return &ProcessError{CodeTimeout, "Copying the video without its metadata took too long.", limited.Err()}
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("strip a video: %w", err)
	case err != nil:
		return &ProcessError{CodeBroken, "The video cannot be copied without its metadata.", fmt.Errorf("ffmpeg: %w: %s", err, said.Bytes())}
	}
	return nil
}
