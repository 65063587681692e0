package train

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/au"
	"mien/shared/model"
)

// reading builds one step of an AU reader: Huber on the AUs and, where it reads them, on
// the landmarks and the eyes' centres. Inputs: photo [B S S 3], own [B 17], stress [1 17]
// (how much an error of each AU counts), dropout [B Features]; shape [B model.SeenShape]
// of a reader that sees it, of another landmarks [B 136], known [B 1] (1 where the
// landmarks are labelled), eyes [B 4].
func reading(p Preset, seed uint64) (*step, error) {
	s := newStep()
	g, b := s.g, p.Batch
	photo, own := s.input("photo", b, p.Reader.Size, p.Reader.Size, 3), s.input("own", b, au.Count)
	scope := net.NewScope(g, "reader")
	var shape graph.Node
	if p.Reader.Form > 0 {
		shape = s.input("shape", b, model.SeenShape)
	}
	if p.Attack > 0 {
		var err error
		if photo, err = s.attacked(p, scope, photo, shape, own); err != nil {
			return nil, err
		}
	}
	r := p.Reader.Apply(scope, photo, shape, true, s.input("dropout", b, p.Reader.Features()))

	stress := s.input("stress", 1, au.Count)
	aus := huber(g, g.Mul(r.AU, stress), g.Mul(own, stress), huberBeta)
	loss := aus
	s.outputs["au"] = aus
	if r.Landmarks != nil {
		places, known := s.input("landmarks", b, 136), s.input("known", b, 1)
		off := huber(g, g.Mul(r.Landmarks, known), g.Mul(places, known), .1)
		aside := huber(g, r.Eyes, s.input("eyes", b, 4), .05)
		loss = g.Add(g.Add(aus, g.Affine(off, p.Points, 0)), g.Affine(aside, p.Eyes, 0))
		s.outputs["landmarks"], s.outputs["eyes"] = off, aside
	}
	s.outputs["reader"] = loss
	grads, err := g.Grad(loss, nodes(scope)...)
	if err != nil {
		return nil, fmt.Errorf("reader: %w", err)
	}
	s.adam("reader", scope, grads, s.sound([]graph.Node{loss}, grads), p, seed, true)
	return s, nil
}

// attacked is photo moved uphill on the reader's own AU loss, by push [B 1 1 1],
// a length in the space of pixels in -1 to 1: a step of the fast gradient method
// with a bound on the square norm (Goodfellow et al., 2015, section 5). A reader
// that learns on such pictures has gradients that look like expressions (Santurkar
// et al., 2019), and what a generator draws to please it does too.
func (s *step) attacked(p Preset, scope *net.Scope, photo, shape, own graph.Node) (graph.Node, error) {
	g := s.g
	read := p.Reader.Apply(scope, photo, shape, false, nil).AU
	uphill, err := g.Grad(g.Sum(g.Square(g.Sub(read, own))), photo)
	if err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	length := g.Sqrt(g.Affine(lengths(g, uphill[0]), 1, 1e-12))
	push := s.input("push", p.Batch, 1, 1, 1)
	return g.Stop(g.Add(photo, g.Mul(uphill[0], g.Div(push, length)))), nil
}
