package label

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"mien/native/internal/checkpoint"
	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/pixel"
)

const (
	// present is the intensity from which an Action Unit counts as there: FACS
	// knows traces (A) from 1 on.
	present = 1
	quality = 95 // of the aligned faces' JPEG
)

// Own labels by Mien's reader, aligned by its face mesh. Its rows say so, in
// the column labelled_by: they are a network's opinion of what another learned
// from OpenFace.
type Own struct {
	file   *model.File
	info   model.Info
	device device.Device
	finder *face.Finder
}

// NewOwn returns the labeller that runs the reader in f on the faces that finder finds.
func NewOwn(f *model.File, finder *face.Finder, d device.Device) (*Own, error) {
	info, err := f.Info()
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	return &Own{f, info, d, finder}, nil
}

// Name implements Labeller.
func (o *Own) Name() string {
	return fmt.Sprintf("mien reader %s step %d", strings.ReplaceAll(o.info.Preset, ",", " "), o.info.Step)
}

// line is what is known of a photo.
type line struct {
	why        string // no face; "" when there is one
	confidence float64
	read       au.Vector
	points     [68][2]float64 // in normalised frame coordinates
}

// Label implements Labeller.
func (o *Own) Label(ctx context.Context, photos []string, dir string, done func(n int)) error {
	faces := filepath.Join(dir, facesName)
	if err := os.MkdirAll(faces, 0o755); err != nil {
		return err
	}
	lines := make([]line, len(photos))
	var next, count atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		reader, err := model.LoadReader(o.file, o.device)
		if err != nil {
			return err
		}
		g.Go(func() error {
			defer reader.Close()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(photos) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				b, err := o.look(ctx, reader, photos[i], &lines[i])
				if err != nil {
					return fmt.Errorf("photo %q: %w", photos[i], err)
				}
				if b != nil {
					if err := os.WriteFile(filepath.Join(faces, fmt.Sprintf("frame_det_00_%06d.jpg", i+1)), b, 0o644); err != nil {
						return err
					}
				}
				done(int(count.Add(1)))
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := checkpoint.WriteFile(filepath.Join(dir, landmarksName), landmarks(lines)); err != nil {
		return err
	}
	return checkpoint.WriteFile(filepath.Join(dir, tableName), o.table(lines))
}

// look finds and reads the largest face of a photo and returns it aligned, as
// JPEG; nil when there is none. The error is for what stops everything.
func (o *Own) look(ctx context.Context, reader *model.Reader, path string, l *line) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	f.Close()
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		l.why = "too large"
		return nil, nil
	}
	img, err := pixel.Decode(b)
	if err != nil {
		l.why = "not a picture"
		return nil, nil
	}
	e := edit.New(edit.NewSwap(o.device), reader, o.finder)
	found, _, err := e.SetPhoto(ctx, img)
	if errors.Is(err, face.ErrNoFace) {
		l.why = "no face"
		return nil, nil
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.why = "cannot be searched"
		return nil, nil
	}
	frame, _ := e.Frame()
	seen, err := reader.Read(ctx, pixel.ToTensor(face.Crop(img, frame, reader.Size())), &found[0].Mesh)
	if err != nil {
		return nil, err
	}
	l.read = seen.AU
	l.confidence, l.points = float64(found[0].Score), points68(&found[0].Mesh, frame)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, face.Crop(img, frame, face.FrameSize), &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// table writes EmotioNet.csv: OpenFace's columns and one that says who labelled.
func (o *Own) table(lines []line) []byte {
	var b bytes.Buffer
	b.WriteString("frame,face_id,timestamp,confidence,success")
	for _, suffix := range []string{"_r", "_c"} {
		for _, u := range au.Units {
			b.WriteString(",AU" + u.Code + suffix)
		}
	}
	b.WriteString(",labelled_by\n")
	for i, l := range lines {
		success := 1
		if l.why != "" {
			success = 0
		}
		fmt.Fprintf(&b, "%d,0,0.000,%.2f,%d", i+1, l.confidence, success)
		for _, v := range l.read {
			fmt.Fprintf(&b, ",%.2f", v)
		}
		for _, v := range l.read {
			there := 0
			if v >= present {
				there = 1
			}
			fmt.Fprintf(&b, ",%d", there)
		}
		who := o.Name()
		if l.why != "" {
			who += ": " + l.why
		}
		b.WriteString("," + who + "\n")
	}
	return b.Bytes()
}

// landmarks writes landmarks68.csv, in pixel-index coordinates of the crop.
func landmarks(lines []line) []byte {
	var b bytes.Buffer
	b.WriteString("frame")
	for k := range 68 {
		fmt.Fprintf(&b, ",x%d,y%d", k, k)
	}
	b.WriteString("\n")
	for i, l := range lines {
		if l.why != "" {
			continue
		}
		fmt.Fprintf(&b, "%d", i+1)
		for _, p := range l.points {
			for _, v := range p {
				fmt.Fprintf(&b, ",%.2f", (v+1)*face.FrameSize/2-.5)
			}
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// ibug are the points of a mesh that lie where those of the 68 of iBUG 300-W do: jaw,
// brows, nose, eyes, lips.
var ibug = [68]int{
	127, 234, 93, 132, 58, 172, 150, 176, 152, 400, 379, 397, 288, 361, 323, 454, 356,
	70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
	168, 197, 5, 4, 98, 97, 2, 326, 327,
	33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
	61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178,
}

// points68 returns the 68 landmarks of a mesh in a frame's normalised coordinates; zeros
// where the frame has no area.
func points68(m *face.Mesh, f face.Frame) (points [68][2]float64) {
	inv, err := f.Inverse()
	if err != nil {
		return points
	}
	for i, p := range ibug {
		points[i][0], points[i][1] = inv.Photo(float64(m[p][0]), float64(m[p][1]))
	}
	return points
}
