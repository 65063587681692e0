package synth

import (
	"fmt"

	"mien/shared/au"
	"mien/shared/tensor"
)

// Faces is the number of faces of a Source when none is given.
const Faces = 20000

// Source is an endless supply of drawn faces, numbered; face i is drawn when
// it is asked for and is always the same. It implements dataset.Source.
type Source struct {
	size int
	n    int
	seed uint64
}

// perPerson is the number of faces in a row that show the same person.
const perPerson = 4

// NewSource returns n faces (0: Faces) of size x size pixels. Sources of
// different seeds share no person.
func NewSource(size, n int, seed uint64) (*Source, error) {
	if size < 8 || size > maxSize {
		return nil, fmt.Errorf("drawn faces: size %d, want 8 to %d", size, maxSize)
	}
	if n == 0 {
		n = Faces
	}
	if n < 1 || n > 1<<30 {
		return nil, fmt.Errorf("drawn faces: number %d, want 1 to %d", n, 1<<30)
	}
	return &Source{size, n, seed}, nil
}

// Len is the number of faces.
func (s *Source) Len() int { return s.n }

// Size is the width and height of a face.
func (s *Source) Size() int { return s.size }

// person returns the seed of the person in face i: the source's seed in the
// upper half, so that no two sources meet.
func (s *Source) person(i int) uint64 { return s.seed<<32 | uint64(i/perPerson) }

// Labels returns the intensities that face i shows.
func (s *Source) Labels(i int) au.Vector {
	return Expression(tensor.NewRand(s.seed, streamChange, 0, uint64(i)))
}

// Sample draws face i.
func (s *Source) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	if i < 0 || i >= s.n {
		return nil, au.Vector{}, nil, "", fmt.Errorf("face %d of %d", i, s.n)
	}
	v := s.Labels(i)
	person := s.person(i)
	img, l := Render(Face(person), v, s.size)
	return img, v, &l, fmt.Sprintf("drawn %d", person), nil
}

// Edited draws the person of face i with the expression changed by d: the
// exact answer to an edit.
func (s *Source) Edited(i int, d au.Vector) ([]uint8, error) {
	if i < 0 || i >= s.n {
		return nil, fmt.Errorf("face %d of %d", i, s.n)
	}
	v := s.Labels(i)
	for k := range v {
		v[k] += d[k]
	}
	img, _ := Render(Face(s.person(i)), v.Clamp(0, au.Max), s.size)
	return img, nil
}

// Expression draws intensities as people show them: most Action Units rest,
// some faces are neutral, some show an emotion, some one to four units that
// have nothing to do with each other, so that none can be told from another.
func Expression(r *tensor.Rand) au.Vector {
	var v au.Vector
	kind := r.Float32()
	switch {
	case kind < .12: // neutral
	case kind < .42:
		e := au.Emotions[r.Intn(len(au.Emotions))]
		strength := r.Range(.4, 1)
		for _, code := range e.Codes {
			v[au.Index(code)] = min(r.Range(2, 5)*strength, au.Max)
		}
	default:
		for range 1 + r.Intn(4) {
			v[r.Intn(au.Count)] = r.Range(.5, au.Max)
		}
	}
	for i := range v { // traces, as in every face
		if v[i] == 0 && r.Float32() < .15 {
			v[i] = r.Range(0, .6)
		}
	}
	return v
}
