package metric

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/tensor"
)

// ErrTooFew means that no emotion is shown by enough faces.
var ErrTooFew = errors.New("too few faces that show an emotion")

const (
	// shows is the label from which a face counts as showing an Action Unit: of
	// intensities 0 to 5 as well as of presences 0 and 1.
	shows = .5
	// leastReal is how many real faces each half of an emotion needs: below it
	// says nothing.
	leastReal = 8
	// featureBatch is how many pictures are held at once.
	featureBatch = 32
)

// Score is how far the pictures of an emotion are from real faces that show it.
type Score struct {
	Emotion string `json:"emotion"`
	N       int    `json:"n"` // pictures on each side
	// Distance is Frechet's between N edited and N real faces; Floor between N
	// other real faces and the same: what a perfect edit would reach.
	Distance float64 `json:"distance"`
	Floor    float64 `json:"floor"`
	// Before is Distance of the same faces without an edit.
	Before float64 `json:"before"`
	// KID is the kernel distance of the same, times 1,000; KIDError its standard
	// error; KIDFloor that between real faces.
	KID      float64 `json:"kid"`
	KIDError float64 `json:"kid_error"`
	KIDFloor float64 `json:"kid_floor"`
}

// Edit returns face i of a source, [S S 3] in [-1, 1], edited such that its
// labels become target.
type Edit func(ctx context.Context, i int, target au.Vector) ([]float32, error)

// Options of Emotions.
type Options struct {
	// Faces bounds the faces on each side of an emotion. Defaults to 1000, as in
	// the reference.
	Faces int
	Seed  uint64
	// Progress, when set, is told of each face that was looked at.
	Progress func(done, total int)
}

// Emotions measures edits, per emotion, against real faces of that emotion.
// Those are looked at once; then Score may be asked as often as needed.
type Emotions struct {
	extractor *Extractor
	source    dataset.Source
	options   Options
	sets      []set
	// Missing lists the emotions that too few faces show to be measured.
	Missing []string
}

// set is one emotion: real faces in two halves that share no person, and faces
// to edit.
type set struct {
	emotion  au.Emotion
	target   au.Vector // the mean labels of the real faces
	real     []float32 // features of the half that edits are measured against
	moments  *Moments  // of real
	floor    float64
	kidFloor float64
	before   float64
	edit     []int // faces that do not show the emotion
}

// NewEmotions finds and looks at the real faces of source. A face shows an
// emotion when it shows every Action Unit of it (labels of .5 and more). They
// are split by person into two halves of one size: one to measure against, the
// other to say what real faces measure. As many other faces, none of them
// showing the emotion, will be edited.
func NewEmotions(ctx context.Context, e *Extractor, source dataset.Source, o Options) (*Emotions, error) {
	if o.Faces == 0 {
		o.Faces = 1000
	}
	m := &Emotions{extractor: e, source: source, options: o}
	var halves [][2][]int
	total, done := 0, 0
	for _, emotion := range au.Emotions {
		half, others := divide(source, emotion, o)
		if len(half[0]) < leastReal {
			m.Missing = append(m.Missing, emotion.Name)
			continue
		}
		var target au.Vector
		for _, i := range half[0] {
			for k, v := range source.Labels(i) {
				target[k] += v / float32(len(half[0]))
			}
		}
		m.sets = append(m.sets, set{emotion: emotion, target: target, edit: others})
		halves = append(halves, half)
		total += 3 * len(half[0])
	}
	if len(m.sets) == 0 {
		return nil, fmt.Errorf("%w: want %d of one emotion in a set of %d", ErrTooFew, 2*leastReal, source.Len())
	}
	look := func(s *set, faces []int) ([]float32, error) {
		return m.features(ctx, faces, s.emotion.Name, func(_ context.Context, i int) ([]float32, error) {
			if done++; o.Progress != nil {
				o.Progress(done, total)
			}
			img, _, _, _, err := source.Sample(i)
			if err != nil {
				return nil, err
			}
			x := make([]float32, len(img))
			dataset.Fill(x, img)
			return x, nil
		})
	}
	for n := range m.sets {
		if err := m.sets[n].measure(m, halves[n], look); err != nil {
			return nil, fmt.Errorf("real faces of %s: %w", m.sets[n].emotion.Name, err)
		}
	}
	return m, nil
}

// measure looks at the real faces of s, and at those to edit as they are.
func (s *set) measure(m *Emotions, half [2][]int, look func(*set, []int) ([]float32, error)) (err error) {
	if s.real, err = look(s, half[0]); err != nil {
		return err
	}
	if s.moments, err = MomentsOf(s.real, m.extractor.dim); err != nil {
		return err
	}
	other, err := look(s, half[1])
	if err != nil {
		return err
	}
	if s.floor, s.kidFloor, _, err = m.distance(s, other); err != nil {
		return err
	}
	plain, err := look(s, s.edit)
	if err != nil {
		return err
	}
	s.before, _, _, err = m.distance(s, plain)
	return err
}

// divide returns the faces that show an emotion in two halves of one size, and
// as many that do not.
func divide(source dataset.Source, e au.Emotion, o Options) (half [2][]int, others []int) {
	wanted := e.Vector(shows)
	var rest []int
	for i := range source.Len() {
		showing := true
		for k, v := range source.Labels(i) {
			showing = showing && v >= wanted[k]
		}
		if !showing {
			rest = append(rest, i)
			continue
		}
		_, _, _, who, err := source.Sample(i)
		if err != nil {
			continue // counted when the source was opened
		}
		h := fnv.New64a()
		h.Write([]byte(who))
		z := h.Sum64()
		side := (z ^ z>>33) * 0xff51afd7ed558ccd >> 63 // FNV's own bits are alike for alike names
		half[side] = append(half[side], i)
	}
	n := min(len(half[0]), len(half[1]), len(rest), o.Faces)
	for i := range half {
		half[i] = spread(half[i], n)
	}
	return half, spread(rest, n)
}

// spread returns n of the numbers in list, evenly.
func spread(list []int, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}

// features looks at faces, which get makes.
func (m *Emotions) features(ctx context.Context, faces []int, what string, get func(ctx context.Context, i int) ([]float32, error)) ([]float32, error) {
	size := m.source.Size()
	var all []float32
	for from := 0; from < len(faces); from += featureBatch {
		part := faces[from:min(from+featureBatch, len(faces))]
		batch := tensor.New(len(part), size, size, 3)
		for n, i := range part {
			x, err := get(ctx, i)
			if err != nil {
				return nil, fmt.Errorf("%s, face %d: %w", what, i, err)
			}
			if len(x) != size*size*3 {
				return nil, fmt.Errorf("%s, face %d: %d values, want [%d %d 3]", what, i, len(x), size, size)
			}
			copy(batch.Data[n*size*size*3:], x)
		}
		rows, err := m.extractor.Features(ctx, batch)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// distance compares rows with the real faces of s.
func (m *Emotions) distance(s *set, rows []float32) (frechet, kid, kidError float64, err error) {
	other, err := MomentsOf(rows, m.extractor.dim)
	if err != nil {
		return 0, 0, 0, err
	}
	if frechet, err = Frechet(other, s.moments); err != nil {
		return 0, 0, 0, err
	}
	kid, kidError, err = KID(rows, s.real, m.extractor.dim, m.options.Seed)
	return frechet, 1000 * kid, 1000 * kidError, err
}

// Name says what Distance is called: "FID" or "reader Frechet".
func (m *Emotions) Name() string { return m.extractor.name }

// Score edits faces towards each emotion, their Action Units of it raised to
// what the real faces show on average, and measures how far they are from real
// ones. The order is that of au.Emotions, without those that are Missing.
func (m *Emotions) Score(ctx context.Context, edit Edit) ([]Score, error) {
	total, done := 0, 0
	for _, s := range m.sets {
		total += len(s.edit)
	}
	var scores []Score
	for n := range m.sets {
		s := &m.sets[n]
		wanted := s.emotion.Vector(1)
		rows, err := m.features(ctx, s.edit, s.emotion.Name, func(ctx context.Context, i int) ([]float32, error) {
			if done++; m.options.Progress != nil {
				m.options.Progress(done, total)
			}
			target := m.source.Labels(i)
			for k := range target {
				if wanted[k] > 0 {
					target[k] = max(target[k], s.target[k])
				}
			}
			return edit(ctx, i, target)
		})
		if err != nil {
			return nil, err
		}
		score := Score{Emotion: s.emotion.Name, N: len(s.edit), Before: s.before, Floor: s.floor, KIDFloor: s.kidFloor}
		if score.Distance, score.KID, score.KIDError, err = m.distance(s, rows); err != nil {
			return nil, fmt.Errorf("edited faces of %s: %w", s.emotion.Name, err)
		}
		scores = append(scores, score)
	}
	return scores, nil
}
