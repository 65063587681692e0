package face

import (
	"context"
	"image"
	"math"
	"testing"
	"time"

	"mien/shared/tensor"
)

func TestMergeJoinsOneFace(t *testing.T) {
	at := func(x, y, side, roll, score float64) detection {
		s, c := math.Sincos(roll)
		d := detection{x: x, y: y, side: side, score: score}
		d.points[0] = [2]float64{x - c*side/4, y - s*side/4}
		d.points[1] = [2]float64{x + c*side/4, y + s*side/4}
		return d
	}
	faces := merge([]detection{
		at(100, 100, 50, 0, .6), at(104, 100, 50, 0, .6), at(300, 100, 50, 0, .9),
		at(300, 100, 50, math.Pi, .5), // upside down in the same place: another opinion
	})
	if len(faces) != 3 || faces[0].x != 300 || math.Abs(faces[1].x-102) > 1e-9 {
		t.Errorf("%d faces: %+v", len(faces), faces)
	}
	if v := faces[1].view(); math.Abs(v.Scale()-25*grown) > 1e-9 || math.Abs(v.A[2]-102) > 1e-9 {
		t.Errorf("view %v", v.A)
	}
}

func TestDecodeRefusesNoNumbers(t *testing.T) {
	boxes, scores := make([]float32, detectorAnchors*detectorNumbers), make([]float32, detectorAnchors)
	for i := range scores {
		scores[i] = -100
	}
	if found := decode(nil, boxes, scores, CentreFrame(128, 128)); len(found) != 0 {
		t.Errorf("%d faces where no anchor sees one", len(found))
	}
	scores[0] = 9
	boxes[2], boxes[3] = 64, 32
	found := decode(nil, boxes, scores, CentreFrame(128, 128))
	if len(found) != 1 || found[0].side != 64 || math.Abs(found[0].x-4) > 1e-6 {
		t.Errorf("found %+v", found)
	}
	scores[1] = float32(math.NaN())
	boxes[2] = float32(math.Inf(1))
	if found := decode(nil, boxes, scores, CentreFrame(128, 128)); len(found) != 0 {
		t.Errorf("found %+v by numbers that are none", found)
	}
}

// still is a pair of networks that see a face in the middle of whatever they look at.
type still struct {
	looks int // of the detector
	gone  bool
}

func (s *still) Detect(context.Context, *tensor.Tensor) (boxes, scores []float32, err error) {
	boxes, scores = make([]float32, detectorAnchors*detectorNumbers), make([]float32, detectorAnchors)
	for i := range scores {
		scores[i] = -9
	}
	s.looks++
	if s.gone {
		return boxes, scores, nil
	}
	const middle = 512 + 6*(3*8+3) // an anchor of the coarse grid, .5 from the middle
	scores[middle] = 5
	copy(boxes[middle*detectorNumbers:], []float32{8, 8, 60, 60, -7, 8, 23, 8})
	return boxes, scores, nil
}

func (s *still) Mesh(context.Context, *tensor.Tensor) (m Mesh, presence float32, err error) {
	if s.gone {
		return m, 0, nil
	}
	for i := range m {
		sin, cos := math.Sincos(float64(i) * 2.4)
		r := meshSide / 3 * math.Sqrt(float64(i+1)/MeshPoints)
		m[i] = [3]float32{float32(meshSide/2 + r*cos), float32(meshSide/2 + r*sin), 0}
	}
	m[outerEyes[0]] = [3]float32{meshSide/2 - 40, meshSide/2 - 15, 0}
	m[outerEyes[1]] = [3]float32{meshSide/2 + 40, meshSide/2 - 15, 0}
	return m, 1, nil
}

// TestTrackRunsTheDetectorWhenLost counts the detector's runs: none while a face is
// followed, some when it is lost.
func TestTrackRunsTheDetectorWhenLost(t *testing.T) {
	s := &still{}
	tr := NewTracker(NewFinder(s, s))
	img := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	at := time.Duration(0)
	next := func() []Face {
		at += 33 * time.Millisecond
		faces, err := tr.Next(context.Background(), img, at)
		if err != nil {
			t.Fatal(err)
		}
		return faces
	}
	faces := len(next()) // one in every view that it searched
	if faces == 0 || s.looks == 0 {
		t.Fatalf("%d faces in the first frame, the detector ran %d times", faces, s.looks)
	}
	looks := s.looks
	for range 5 {
		if len(next()) != faces {
			t.Fatal("a face is lost")
		}
	}
	if s.looks != looks {
		t.Errorf("the detector ran %d times while the face was followed", s.looks-looks)
	}
	s.gone = true
	if len(next()) != 0 || s.looks == looks {
		t.Error("faces that are gone are followed, or not looked for")
	}
	s.gone = false
	if len(next()) != faces {
		t.Error("faces that came back are not found")
	}
}

// TestFilterStillAndMoving has a number rest with noise of .5, then move at the speed of a
// head that turns: the noise falls to under .2, the lag stays under two frames.
func TestFilterStillAndMoving(t *testing.T) {
	const width, dt = 128, 1. / 30
	r := tensor.NewRand(3, 1, 0, 0)
	var e euro
	var sum, n float64
	for i := range 300 {
		v := e.next(50+.5*float64(r.Normal()), dt, width)
		if i >= 30 {
			sum += (v - 50) * (v - 50)
			n++
		}
	}
	if dev := math.Sqrt(sum / n); dev > .2 {
		t.Errorf("a still point with noise of .5 trembles by %.3f pixels of 128, want .2", dev)
	}
	const speed = 60. // pixels of 128 a second: half a face
	x, lag := 50., 0.
	for range 30 {
		x += speed * dt
		lag = (x - e.next(x, dt, width)) / (speed * dt)
	}
	if lag > 2 {
		t.Errorf("a point that moves by half a face a second lags by %.1f frames, want 2", lag)
	}
}
