package eval

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"

	"mien/native/internal/dataset"
	"mien/shared/au"
)

// sheetCodes are the columns of a contact sheet before the emotions.
var sheetCodes = []string{"01", "02", "04", "05", "06", "09", "10", "12", "15", "17", "20", "25", "26", "45"}

// sheetSteps are the changes in the rows below the photo's own.
var sheetSteps = []float32{1.5, 3}

// Sheet edits n faces, evenly spread, as a PNG: for each face a row of the photo
// as it is, one of changes by 1.5 and one by 3; the columns are Action Units 1, 2,
// 4, 5, 6, 9, 10, 12, 15, 17, 20, 25, 26, 45 and the six emotions, which the last row
// shows as the page's buttons ask for them (au.Clear) and the other by half. As on the
// page, a face that shows an Action Unit already is asked for no more than the scale has.
func Sheet(ctx context.Context, s Subject, o Options, n int) ([]byte, error) {
	b, err := newBench(ctx, s, o)
	if err != nil {
		return nil, fmt.Errorf("contact sheet: %w", err)
	}
	defer b.close()
	columns := len(sheetCodes) + len(au.Emotions)
	size, n := o.Faces.Size(), min(n, o.Faces.Len())
	sheet := image.NewNRGBA(image.Rect(0, 0, size*(columns+1), size*len(sheetSteps)*n))
	for f := range n {
		if err := b.strip(ctx, sheet, o.Faces, f*o.Faces.Len()/n, f*len(sheetSteps)); err != nil {
			return nil, fmt.Errorf("contact sheet: %w", err)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, sheet); err != nil {
		return nil, fmt.Errorf("contact sheet: %w", err)
	}
	return out.Bytes(), nil
}

// strip draws the rows of face i, the photo first in each.
func (b *bench) strip(ctx context.Context, sheet *image.NRGBA, faces dataset.Source, i, row int) error {
	raw, _, _, _, err := faces.Sample(i)
	if err != nil {
		return fmt.Errorf("face %d: %w", i, err)
	}
	size := faces.Size()
	photo := picture(raw, size)
	own, err := b.set(ctx, photo)
	if err != nil {
		return err
	}
	for r, by := range sheetSteps {
		changes := []au.Vector{{}}
		for _, code := range sheetCodes {
			changes = append(changes, single(au.Index(code), by))
		}
		for _, e := range au.Emotions {
			changes = append(changes, e.Vector(au.Clear*by/sheetSteps[len(sheetSteps)-1]))
		}
		for col, d := range changes {
			edited, err := b.editor.Picture(ctx, onScale(d, own))
			if err != nil {
				return err
			}
			at := image.Rect(col*size, (row+r)*size, (col+1)*size, (row+r+1)*size)
			draw.Draw(sheet, at, edited, image.Point{}, draw.Src)
		}
	}
	return nil
}

// onScale is the change d of a face that shows own, up to the scale's end.
func onScale(d, own au.Vector) au.Vector {
	for i := range d {
		d[i] = min(d[i], max(au.Max-own[i], 0))
	}
	return d
}
