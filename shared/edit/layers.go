package edit

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync"

	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/layer"
	"mien/shared/rig"
	"mien/shared/tensor"
)

// ErrNoLayers means that a face cannot be moved as a mesh: no rig has been
// brought, or only the face's frame is known.
var ErrNoLayers = errors.New("no rig, or no mesh of the face")

// Rigging is what moves a face as a mesh and draws it as layers. Any number of
// goroutines may use it.
type Rigging struct {
	rig     *rig.Rig
	folds   [au.Count][]float32 // in the frame of layers; nil where an Action Unit has none
	mu      sync.Mutex          // guards painter, which one goroutine uses at a time
	painter layer.Painter
}

// NewRigging returns what draws with a rig; painter fills open mouths and may be
// nil.
func NewRigging(r *rig.Rig, painter layer.Painter) *Rigging {
	g := &Rigging{rig: r, painter: painter}
	at := r.FrameUV()
	for a := range g.folds {
		if m := r.Fold(a); m != nil {
			g.folds[a] = layer.Carry(m, &at)
		}
	}
	return g
}

// Paint implements layer.Painter.
func (g *Rigging) Paint(ctx context.Context, picture, hole *tensor.Tensor) (*tensor.Tensor, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.painter.Paint(ctx, picture, hole)
}

// seamFolds is how wide a stripe in the middle of the face blends the folds of
// its halves, in samples of the frame.
const seamFolds = 12

// foldsOf returns what a change of each half of the face adds to the logarithm
// of the skin's light, nil for nothing.
func (g *Rigging) foldsOf(left, right au.Vector) []float32 {
	var sum []float32
	for a, m := range g.folds {
		if m == nil || left[a] == 0 && right[a] == 0 {
			continue
		}
		if sum == nil {
			sum = make([]float32, layer.LightSize*layer.LightSize)
		}
		for i, v := range m {
			t := min(max((float32(i%layer.LightSize)-layer.LightSize/2)/seamFolds+.5, 0), 1)
			sum[i] += v * (left[a] + t*(right[a]-left[a]))
		}
	}
	return sum
}

// mesh is what is known of a face that moves as a mesh, measured once.
type mesh struct {
	once    sync.Once
	rigging *Rigging
	layers  *layer.Face
	subject *rig.Subject
	err     error
}

// SetRigging brings what moves faces as meshes. It draws those that have one,
// unless the generator comes first.
func (e *Editor) SetRigging(g *Rigging) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rigging = g
	if s := e.photo; s != nil { // what is measured belongs to a rigging
		e.photo = &subject{img: s.img, faces: s.faces, face: s.face, frame: s.frame, read: s.read, alone: s.alone, crops: map[int]*tensor.Tensor{}}
	}
}

// GeneratorFirst says whether the generator draws faces that could be drawn as
// layers as well.
func (e *Editor) GeneratorFirst(first bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.generatorFirst = first
}

// Layered reports whether the face that is set is drawn as layers.
func (e *Editor) Layered() bool {
	s, err := e.subject()
	return err == nil && e.layered(s)
}

func (e *Editor) layered(s *subject) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rigging != nil && !e.generatorFirst && s.face.Mesh != (face.Mesh{})
}

// meshOf measures a face, the first time.
func (e *Editor) meshOf(s *subject) (*mesh, error) {
	e.mu.Lock()
	g := e.rigging
	e.mu.Unlock()
	if g == nil || s.face.Mesh == (face.Mesh{}) {
		return nil, ErrNoLayers
	}
	m := &s.mesh
	m.once.Do(func() {
		m.rigging = g
		m.subject = g.rig.Subject(s.face.Mesh)
		own := m.subject.Mesh()
		m.layers, m.err = layer.New(s.img, &own)
	})
	return m, m.err
}

// Scene returns what is drawn when the Action Units of each half of the face
// change, -au.Max to au.Max each, the picture's left half first. No change is
// the scene of the photo. The error wraps ErrNoLayers where the face has no
// mesh.
func (e *Editor) Scene(ctx context.Context, left, right au.Vector) (*layer.Scene, error) {
	s, err := e.subject()
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	return e.scene(ctx, s, left, right)
}

func (e *Editor) scene(ctx context.Context, s *subject, left, right au.Vector) (*layer.Scene, error) {
	for _, change := range [...]au.Vector{left, right} {
		if err := checkChange(change); err != nil {
			return nil, err
		}
	}
	m, err := e.meshOf(s)
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	left, right = left.Clamp(-au.Max, au.Max), right.Clamp(-au.Max, au.Max)
	moved := m.subject.Move(left, right)
	jaw := layer.Rigid(m.subject.Jaw(left, right))
	var painter layer.Painter
	if m.rigging.painter != nil {
		painter = m.rigging
	}
	motion := layer.Motion{Mesh: &moved, Jaw: &jaw, Folds: m.rigging.foldsOf(left, right)}
	scene, err := m.layers.Scene(ctx, motion, painter)
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	return scene, nil
}

// picture draws the photo under a change of each half of the face.
func (e *Editor) layeredPicture(ctx context.Context, s *subject, left, right au.Vector) (*image.NRGBA, error) {
	scene, err := e.scene(ctx, s, left, right)
	if err != nil {
		return nil, err
	}
	return s.mesh.layers.Draw(scene), nil
}

// ReadScene returns the intensities (0 to au.Max) that the reader sees in the
// face under a scene of the photo that is set: see ReadEdited.
func (e *Editor) ReadScene(ctx context.Context, scene *layer.Scene) (au.Vector, error) {
	s, err := e.subject()
	if err != nil {
		return au.Vector{}, fmt.Errorf("read edited face: %w", err)
	}
	if e.reader == nil || scene == nil {
		return s.read, nil
	}
	m, err := e.meshOf(s)
	if err != nil {
		return au.Vector{}, fmt.Errorf("read edited face: %w", err)
	}
	side := 2 * e.reader.Size()
	small, err := m.layers.DrawIn(scene, s.frame, side)
	if err != nil {
		return au.Vector{}, fmt.Errorf("read edited face: %w", err)
	}
	return e.readAlone(ctx, s, small)
}
