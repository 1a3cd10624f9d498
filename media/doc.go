// Package media is the bytes layer: it decides what a file truly is, makes the
// pictures that pages show, and reads what a file says about itself. It knows
// nothing of albums, users or storage; everything goes in as a local path.
//
// Untrusted pixels are only ever decoded in child processes (see DecoderMain),
// which have a memory limit and a deadline; exiftool is a child of its own.
package media
