package train

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/au"
)

// huberBeta is where the AU loss turns from square to linear, in units of
// intensity.
const huberBeta = .5

// motionBeta is the same for the warp at the landmarks, in half frames.
const motionBeta = .02

// points is the number of places at which the motion loss looks.
const points = 68 + 33

// gan builds one step of a phase: a critic update and a generator update on
// the same batch. Both see the weights from before the step, so the critic's
// verdict on the edited pictures is computed once for both.
//
// Inputs: photo [B S S 3], own [B 17] (labels), change [B 17], and by phase
// mix [B 1 1 1], places and motion [B 1 points 2], teacher [B S S 3], jitter
// [B S S 2].
func gan(p Preset, phase Phase, reader *net.Reader, seed uint64) (*step, error) {
	s := newStep()
	g, w, size, b := s.g, phase.Weights, p.Generator.Size, p.Batch
	photo, own := s.input("photo", b, size, size, 3), s.input("own", b, au.Count)
	change := s.input("change", b, au.Count)
	asked := g.Add(own, change)

	gen := net.NewScope(g, "gen")
	field := p.Generator.Apply(gen, photo, change)
	edited, under := net.Draw(g, photo, field)

	var terms []graph.Node
	add := func(name string, weight float64, loss graph.Node) {
		s.outputs[name] = loss
		terms = append(terms, g.Affine(loss, weight, 0))
	}
	var critic *net.Scope
	var criticLoss graph.Node
	if phase.Adversary != NoAdversary {
		critic = net.NewScope(g, "critic")
		v, loss, err := s.criticLoss(p, phase, critic, photo, edited, own, asked)
		if err != nil {
			return nil, err
		}
		criticLoss = loss
		s.outputs["critic"] = loss
		if phase.Adversary == R1 {
			add("adversarial", w.Adversarial, g.Mean(g.Softplus(g.Affine(v.Score, -1, 0))))
		} else {
			add("adversarial", w.Adversarial, g.Affine(g.Mean(v.Score), -1, 0))
		}
		if w.AU > 0 && reader == nil {
			add("au", w.AU, huber(g, v.AU, asked, huberBeta))
		}
	}
	if w.AU > 0 && reader != nil {
		fixed := net.NewScope(g, "reader")
		before := g.Stop(reader.Apply(fixed, photo, false, nil).AU)
		// The jitter keeps the generator from drawing what only this reader
		// sees at these very pixels.
		seen := g.Warp(edited, s.input("jitter", b, size, size, 2))
		after := reader.Apply(fixed, seen, false, nil).AU
		add("au", w.AU, huber(g, after, g.Add(before, change), huberBeta))
		s.loaded = fixed.Params
	}
	if w.Cycle > 0 {
		half := max(b/2, 1)
		back := g.Affine(g.Slice(change, 0, 0, half), -1, 0)
		start := g.Slice(edited, 0, 0, half)
		again, _ := net.Draw(g, start, p.Generator.Apply(gen, start, back))
		add("cycle", w.Cycle, l1(g, again, g.Slice(photo, 0, 0, half)))
	}
	if w.Identity > 0 {
		same, _ := net.Draw(g, photo, p.Generator.Apply(gen, photo, g.Affine(change, 0, 0)))
		add("identity", w.Identity, l1(g, same, photo))
	}
	if w.Motion > 0 {
		at, want := s.input("places", b, 1, points, 2), s.input("motion", b, 1, points, 2)
		add("motion", w.Motion, g.Affine(huber(g, g.Warp(field.HalfWarp, at), want, motionBeta), 10, 0))
	}
	if w.Teacher > 0 {
		taught := s.input("teacher", b, size, size, 3)
		add("teacher", w.Teacher, l1(g, edited, taught))
		if w.Colour > 0 {
			// The mask multiplies the colour's gradient: a closed mask learns no
			// colour, and without a colour worth showing it stays closed.
			missed := g.Stop(g.Relu(g.Affine(g.Abs(g.Sub(under, taught)), 1, -w.Floor)))
			wrong := g.Add(g.Abs(g.Sub(field.Colour, taught)), g.Affine(field.Mask, -1, 1))
			add("colour", w.Colour, g.Mean(g.Mul(wrong, missed)))
		}
	}
	add("variation", w.Variation, variation(g, field.HalfWarp))
	add("bend", w.Bend, bend(g, field.HalfWarp))
	add("shade", w.Shade, g.Mean(g.Abs(field.HalfShade)))
	add("mask", w.Mask, g.Mean(field.Mask))
	add("paint", w.Paint, l1(g, edited, under))
	return s, s.update(p, seed, gen, g.AddN(terms...), critic, criticLoss)
}

// criticLoss builds the critic's verdict on the edited pictures and its loss.
func (s *step) criticLoss(p Preset, phase Phase, critic *net.Scope, photo, edited, own, asked graph.Node) (net.Verdict, graph.Node, error) {
	g, b := s.g, p.Batch
	real, fake := p.Critic.Apply(critic, photo, own), p.Critic.Apply(critic, edited, asked)
	var loss, penalty graph.Node
	var err error
	if phase.Adversary == R1 {
		loss = nonSaturating(g, real.Score, fake.Score)
		// A quarter of the batch each step costs what the whole batch each
		// fourth step would, and needs one plan, not two.
		few := max(b/4, 1)
		labels := g.Slice(own, 0, 0, few)
		penalty, err = r1(g, func(x graph.Node) net.Verdict { return p.Critic.Apply(critic, x, labels) }, g.Slice(photo, 0, 0, few))
		if err == nil {
			penalty = g.Affine(penalty, .5, 0)
		}
	} else {
		loss = wasserstein(g, real.Score, fake.Score)
		penalty, err = gradientPenalty(g, func(x graph.Node) net.Verdict { return p.Critic.Apply(critic, x, own) },
			photo, edited, s.input("mix", b, 1, 1, 1))
	}
	if err != nil {
		return fake, nil, fmt.Errorf("gradient penalty: %w", err)
	}
	s.outputs["penalty"] = penalty
	loss = g.Add(loss, g.Affine(penalty, p.Penalty, 0))
	if p.CriticAU > 0 {
		reads := huber(g, real.AU, own, huberBeta)
		s.outputs["critic au"] = reads
		loss = g.Add(loss, g.Affine(reads, p.CriticAU, 0))
	}
	return fake, loss, nil
}

// critique builds an extra critic step of d_g_ratio: as gan without all that
// only the generator needs.
func critique(p Preset, phase Phase, seed uint64) (*step, error) {
	s := newStep()
	g, size, b := s.g, p.Generator.Size, p.Batch
	photo, own := s.input("photo", b, size, size, 3), s.input("own", b, au.Count)
	change := s.input("change", b, au.Count)
	gen, critic := net.NewScope(g, "gen"), net.NewScope(g, "critic")
	edited, _ := net.Draw(g, photo, p.Generator.Apply(gen, photo, change))
	s.loaded = gen.Params
	_, loss, err := s.criticLoss(p, phase, critic, photo, g.Stop(edited), own, g.Add(own, change))
	if err != nil {
		return nil, err
	}
	s.outputs["critic"] = loss
	grads, err := g.Grad(loss, nodes(critic)...)
	if err != nil {
		return nil, fmt.Errorf("critic: %w", err)
	}
	ok := g.Finite(append([]graph.Node{loss}, grads...)...)
	s.outputs["ok"] = ok
	s.adam("critic", critic, grads, ok, p, seed, false)
	return s, nil
}

// update adds gradients and optimisers. Nothing moves unless every loss and
// gradient is finite.
func (s *step) update(p Preset, seed uint64, gen *net.Scope, loss graph.Node, critic *net.Scope, criticLoss graph.Node) error {
	g := s.g
	s.outputs["generator"] = loss
	grads, err := g.Grad(loss, nodes(gen)...)
	if err != nil {
		return fmt.Errorf("generator: %w", err)
	}
	checked := append([]graph.Node{loss}, grads...)
	var criticGrads []graph.Node
	if critic != nil {
		if criticGrads, err = g.Grad(criticLoss, nodes(critic)...); err != nil {
			return fmt.Errorf("critic: %w", err)
		}
		checked = append(append(checked, criticLoss), criticGrads...)
	}
	ok := g.Finite(checked...)
	s.outputs["ok"] = ok
	s.adam("gen", gen, grads, ok, p, seed, true)
	if critic != nil {
		s.adam("critic", critic, criticGrads, ok, p, seed, false)
	}
	return nil
}

// nodes lists the trained parameters of a network.
func nodes(s *net.Scope) []graph.Node {
	var ns []graph.Node
	for _, p := range s.Trained() {
		ns = append(ns, p.Node)
	}
	return ns
}
