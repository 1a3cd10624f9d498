package media

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// tiffKept are the tags that a stripped TIFF may still have, by exiftool's names:
// how its pixels are stored, orientation, resolution and profile.
var tiffKept = regexp.MustCompile(`^(File|System|ExifTool|Composite|ICC[-_].*|SubIFD\d*|IFD\d+):|^SourceFile$`)

var tiffKeptTags = func() map[string]bool {
	kept := map[string]bool{}
	for _, name := range strings.Fields(`SubfileType OldSubfileType ImageWidth ImageHeight BitsPerSample Compression
		PhotometricInterpretation Thresholding FillOrder StripOffsets StripByteCounts RowsPerStrip Orientation SamplesPerPixel
		XResolution YResolution ResolutionUnit PlanarConfiguration T4Options T6Options PageNumber TransferFunction Predictor
		WhitePoint PrimaryChromaticities ColorMap HalftoneHints TileWidth TileLength TileOffsets TileByteCounts InkSet
		NumberofInks DotRange ExtraSamples SampleFormat SMinSampleValue SMaxSampleValue JPEGTables YCbCrCoefficients
		YCbCrSubSampling YCbCrPositioning ReferenceBlackWhite MinSampleValue MaxSampleValue XPosition YPosition
		GrayResponseUnit GrayResponseCurve ColorResponseUnit CellWidth CellLength`) {
		kept[name] = true
	}
	return kept
}()

// stripTIFF has exiftool write the copy, and then looks whether a tag is left in
// it that is not in tiffKept: exiftool leaves those that it calls unsafe.
func (p *Processor) stripTIFF(ctx context.Context, path, to string) error {
	if _, err := p.exif.run(ctx, path, "-m", "-all=", "-CommonIFD0=", "-trailer:all=", "-tagsfromfile", "@", "-icc_profile", "-orientation",
		"-o", to); err != nil {
		return failed(ctx, fmt.Errorf("strip: %w", err))
	}
	if _, err := os.Stat(to); err != nil {
		return notStrippable("exiftool cannot write this TIFF")
	}
	out, err := p.exif.run(ctx, to, "-j", "-G1", "-a", "-u", "-U")
	if err != nil {
		return failed(ctx, fmt.Errorf("look into the stripped copy: %w", err))
	}
	var tags []map[string]any
	if err := json.Unmarshal(out, &tags); err != nil || len(tags) != 1 {
		return notStrippable("exiftool cannot read its copy")
	}
	for tag := range tags[0] {
		group, name, found := strings.Cut(tag, ":")
		if !found && tag == "SourceFile" {
			continue
		}
		ifd := strings.HasPrefix(group, "IFD") || strings.HasPrefix(group, "SubIFD")
		if !tiffKept.MatchString(tag) || ifd && !tiffKeptTags[name] {
			return notStrippable("the tag " + tag + " stays in the TIFF")
		}
	}
	return nil
}
