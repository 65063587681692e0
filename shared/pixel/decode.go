// Package pixel turns picture files into pixels and pixels into tensors.
//
// Pictures are *image.NRGBA with their upper left corner at (0, 0); tensors
// are [1 H W 3], RGB, in [-1, 1].
package pixel

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// MaxPixels is the largest picture that Decode accepts: 64 megapixels, more
// than a phone takes, are 256 MB of NRGBA, which a browser tab still holds.
const MaxPixels = 64e6

// ErrFormat means that the bytes are not a picture that Decode knows.
var ErrFormat = errors.New("want a png, jpeg, gif, bmp or webp picture")

// format says how a file format is recognised and read.
type format struct {
	name   string
	is     func(b []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"png", prefix("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode},
	{"jpeg", prefix("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode},
	{"gif", prefix("GIF8"), gif.DecodeConfig, gif.Decode}, // Decode stops after the first frame
	{"bmp", prefix("BM"), bmp.DecodeConfig, bmp.Decode},
	{"webp", isWebP, webp.DecodeConfig, webp.Decode},
}

func prefix(p string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(p)) }
}

func isWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}

// Decode reads a picture file, upright (the orientation that a camera wrote
// into a JPEG, PNG or WebP file is applied). The size that the file claims is checked against
// MaxPixels before anything of that size is allocated. Errors that say that
// the bytes are no picture at all wrap ErrFormat.
func Decode(b []byte) (*image.NRGBA, error) {
	for _, f := range formats {
		if !f.is(b) {
			continue
		}
		img, err := f.read(b)
		if err != nil {
			return nil, fmt.Errorf("decode %s picture of %d bytes: %w", f.name, len(b), err)
		}
		return img, nil
	}
	return nil, fmt.Errorf("decode picture of %d bytes: %s: %w", len(b), guess(b), ErrFormat)
}

// Probe returns what a picture file claims to be, "png", "jpeg", "gif", "bmp" or
// "webp", and its size, before its orientation is applied; nothing of that size is
// allocated. The errors are those of Decode.
func Probe(b []byte) (name string, w, h int, err error) {
	for _, f := range formats {
		if !f.is(b) {
			continue
		}
		config, err := f.config(bytes.NewReader(b))
		if err == nil {
			err = checkSize(config.Width, config.Height)
		}
		if err != nil {
			return f.name, 0, 0, fmt.Errorf("probe %s picture of %d bytes: %w", f.name, len(b), err)
		}
		return f.name, config.Width, config.Height, nil
	}
	return "", 0, 0, fmt.Errorf("probe picture of %d bytes: %s: %w", len(b), guess(b), ErrFormat)
}

func (f format) read(b []byte) (*image.NRGBA, error) {
	config, err := f.config(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return nil, err
	}
	if f.name == "webp" {
		// An extended header states its own size. A frame inside that is larger
		// would pass the limit, and reading its alpha beyond the canvas panics.
		if w, h := webpFrameSize(b); w != config.Width || h != config.Height {
			return nil, fmt.Errorf("frame of %dx%d pixels on a canvas of %dx%d", w, h, config.Width, config.Height)
		}
	}
	img, err := f.decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if r := img.Bounds(); r.Dx() < 1 || r.Dy() < 1 {
		return nil, fmt.Errorf("empty picture, %dx%d pixels", r.Dx(), r.Dy())
	}
	return orient(toNRGBA(img), exifOrientation(f.name, b)), nil
}

func checkSize(w, h int) error {
	if w < 1 || h < 1 || w > MaxPixels || h > MaxPixels || int64(w)*int64(h) > MaxPixels {
		return fmt.Errorf("size %dx%d: want 1 to %d pixels", w, h, int(MaxPixels))
	}
	return nil
}

// webpFrameSize returns the size that the first VP8 or VP8L chunk claims, or
// zeros when there is none (the decoder then refuses the file).
//
// Layout: RFC 9649 section 2, the VP8 frame header RFC 6386 section 9.1.
func webpFrameSize(b []byte) (w, h int) {
	for at := 12; at+8 <= len(b); {
		size := uint64(le32(b[at+4:]))
		body := b[at+8:]
		switch string(b[at : at+4]) {
		case "VP8 ":
			if len(body) < 10 {
				return 0, 0
			}
			return int(body[6]) | int(body[7]&0x3f)<<8, int(body[8]) | int(body[9]&0x3f)<<8
		case "VP8L":
			if len(body) < 5 {
				return 0, 0
			}
			v := le32(body[1:])
			return int(v&0x3fff) + 1, int(v>>14&0x3fff) + 1
		}
		size += size & 1
		if size > uint64(len(body)) {
			return 0, 0
		}
		at += 8 + int(size)
	}
	return 0, 0
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// guess says what the bytes look like, for people who gave the wrong file.
func guess(b []byte) string {
	head := bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 512)], "\xef\xbb\xbf \t\r\n"))
	switch {
	case len(b) == 0:
		return "empty file"
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return "looks like an html page"
	case bytes.HasPrefix(head, []byte("<svg")), bytes.HasPrefix(head, []byte("<?xml")):
		return "looks like an svg drawing or other xml"
	case len(b) >= 12 && string(b[4:8]) == "ftyp":
		return fmt.Sprintf("looks like a heic or avif picture, or a video (%q)", b[8:12])
	case bytes.HasPrefix(b, []byte("%PDF")):
		return "looks like a pdf document"
	case bytes.HasPrefix(b, []byte("II*\x00")), bytes.HasPrefix(b, []byte("MM\x00*")):
		return "looks like a tiff or raw picture"
	}
	return fmt.Sprintf("begins with %q", b[:min(len(b), 8)])
}
