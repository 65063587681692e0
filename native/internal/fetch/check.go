package fetch

import (
	"errors"
	"fmt"

	"mien/shared/pixel"
)

// Bounds of a picture: below minSide it is a tracking dot or a thumbnail, in
// which no face can be labelled; maxPixels keeps what is decoded at once small.
const (
	minSide   = 16
	maxPixels = 40e6
)

// endings of files by format.
var endings = map[string]string{"jpeg": "jpg", "png": "png", "gif": "gif", "bmp": "bmp", "webp": "webp"}

// check decodes a picture from the web and returns the ending of its file's name.
// One at a time for each processor: a picture at the limit takes 160 MB.
func (f *fetcher) check(b []byte) (ending string, r *refusal) {
	name, w, h, err := pixel.Probe(b)
	switch {
	case errors.Is(err, pixel.ErrFormat):
		return "", &refusal{reason: "not a picture", body: b, err: err}
	case err != nil:
		return "", &refusal{reason: "damaged picture", body: b, err: err}
	case w < minSide || h < minSide:
		return "", &refusal{reason: "too small", body: b, err: fmt.Errorf("%dx%d, want sides of %d at least", w, h, minSide)}
	case w*h > maxPixels:
		return "", &refusal{reason: "too many pixels", body: b, err: fmt.Errorf("%dx%d, at most %d are decoded", w, h, int(maxPixels))}
	}
	f.decoding <- struct{}{}
	defer func() { <-f.decoding }()
	if _, err := pixel.Decode(b); err != nil {
		return "", &refusal{reason: "damaged picture", body: b, err: err}
	}
	return endings[name], nil
}
