package train

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/au"
)

// huberBeta is where the Huber AU loss turns from square to linear, in units
// of intensity.
const huberBeta = .5

// motionBeta is the same for the warp at the landmarks, in half frames.
const motionBeta = .02

// points is the number of places at which the motion loss looks.
const points = 68 + 33

// scene is what a step starts from: faces, and what is asked of them. F is the
// number of fakes that are made of each face.
type scene struct {
	photo graph.Node // [B S S 3]
	own   graph.Node // [B 17], what the faces show
	from  graph.Node // [B*F S S 3], each face F times
	ask   graph.Node // [B*F 17], what the generator is told
	asked graph.Node // [B*F 17], what the edited faces should then show
	same  graph.Node // [B 17], what to tell the generator to leave faces as they are
	back  graph.Node // [B*F 17], and to undo the edit
	shown graph.Node // [B*F 17], what the faces show, each F times
}

// scene makes the inputs of a step.
//
//   - Our own networks want a change, in units of intensity, and photos in -1
//     to 1: inputs photo, own, change.
//   - The reference's want a target, each AU 0 to 1, and photos in 0 to 1:
//     inputs photo (-1 to 1), own and target [B*F 17].
func (s *step) scene(p Preset) scene {
	g, size, b, f := s.g, p.Size(), p.Batch, p.fakes()
	photo, own := s.input("photo", b, size, size, 3), s.input("own", b, au.Count)
	if !p.Paints() {
		change := s.input("change", b, au.Count)
		return scene{photo, own, photo, change, g.Add(own, change), g.Affine(change, 0, 0), g.Affine(change, -1, 0), own}
	}
	photo = g.Affine(photo, .5, .5)
	target := s.input("target", b*f, au.Count)
	shown := times(g, own, f)
	return scene{photo, own, times(g, photo, f), target, target, own, shown, shown}
}

// times repeats each entry of a batch f times.
func times(g *graph.Graph, x graph.Node, f int) graph.Node {
	if f == 1 {
		return x
	}
	shape := graph.Shape(x)
	n := shape.Numel() / shape[0]
	to := append([]int{shape[0] * f}, shape[1:]...)
	return g.Reshape(g.Spread(g.Reshape(x, shape[0], 1, n), shape[0], f, n), to...)
}

// edited is a generator's answer: the picture, and for our own networks the
// field that made it and what lies under its paint.
type edited struct {
	picture graph.Node
	under   graph.Node
	field   *net.Field
}

// cover lays the paint over under, but nothing that is wanted of the picture reaches
// mask and colour: these are the teacher's alone. A critic has lids painted green,
// and an AU reader brows blue, which it takes for raised ones.
func (e edited) cover(g *graph.Graph, under graph.Node) graph.Node {
	return g.Add(under, g.Mul(g.Sub(g.Stop(e.field.Colour), under), g.Stop(e.field.Mask)))
}

// edit applies the preset's generator: told ask, the faces shall then show
// shall.
func (p Preset) edit(gen *net.Scope, photo, ask, shall graph.Node) edited {
	if p.Paints() {
		return edited{picture: p.Painter.Apply(gen, photo, ask, true).Picture}
	}
	field := p.Generator.ApplyTo(gen, photo, ask, shall)
	picture, under := net.Draw(gen.G, photo, field)
	return edited{picture, under, &field}
}

// judge applies the preset's critic.
func (p Preset) judge(critic *net.Scope) judge {
	return func(photo, aus graph.Node) net.Verdict {
		if p.Paints() {
			return p.TwoHeads.Apply(critic, photo)
		}
		return p.Critic.Apply(critic, photo, aus)
	}
}

// gan builds one step of a phase: a critic update and a generator update on
// the same batch. Both see the weights from before the step, so the critic's
// verdict on the edited pictures is computed once for both.
//
// Further inputs by phase: mix [B*F 1 1 1], places and motion [B 1 points 2],
// teacher, taught shade and taught colour [B S S 3], taught mask [B S S 1], taught warp and jitter [B S S 2], slope [1 17].
func gan(p Preset, phase Phase, reader *net.Reader, seed uint64) (*step, error) {
	s := newStep()
	g, w := s.g, phase.Weights
	x := s.scene(p)
	gen := net.NewScope(g, "gen")
	made := p.edit(gen, x.from, x.ask, x.asked)

	// What the critic judges and the cycle starts from. Where a teacher says what to
	// paint, the cycle trains the way back alone: an edit that has to be undone hides
	// in itself what it covers (Chu et al.: CycleGAN, a Master of Steganography, 2017).
	// A generator that only paints has nothing else to please them with.
	judged, again := made.picture, made.picture
	if w.Field > 0 && p.Generator.Parts != net.Paint {
		judged, again = made.cover(g, made.under), g.Stop(made.picture)
	}
	var terms []graph.Node
	add := func(name string, weight float64, loss graph.Node) {
		s.outputs[name] = loss
		terms = append(terms, g.Affine(loss, weight, 0))
	}
	auLoss := auLosses[p.AULoss]
	var critic *net.Scope
	var criticLoss graph.Node
	if phase.Adversary != NoAdversary {
		critic = net.NewScope(g, "critic")
		v, loss, err := s.criticLoss(p, phase, p.judge(critic), x, judged)
		if err != nil {
			return nil, err
		}
		criticLoss = loss
		add("adversarial", w.Adversarial, adversaries[phase.Adversary].generator(g, v.Score))
		if w.AU > 0 && reader == nil {
			add("au", w.AU, auLoss(g, v.AU, x.asked))
		}
	}
	if w.AU > 0 && reader != nil {
		s.readerLoss(p, w, reader, x, made, add)
	}
	if w.Cycle > 0 {
		// Half of them: the cycle costs as much again as the edit.
		half := max(graph.Shape(x.back)[0]/2, 1)
		back := p.edit(gen, g.Slice(again, 0, 0, half), g.Slice(x.back, 0, 0, half), g.Slice(x.shown, 0, 0, half)).picture
		add("cycle", w.Cycle, l1(g, back, g.Slice(x.from, 0, 0, half)))
	}
	if w.Identity > 0 {
		add("identity", w.Identity, l1(g, p.edit(gen, x.photo, x.same, x.own).picture, x.photo))
	}
	if made.field != nil {
		s.fieldLosses(p, w, made, add)
	}
	return s, s.update(p, seed, gen, g.AddN(terms...), critic, criticLoss)
}

// criticLoss builds the critic's verdict on the edited pictures and its loss.
func (s *step) criticLoss(p Preset, phase Phase, d judge, x scene, picture graph.Node) (net.Verdict, graph.Node, error) {
	g, game := s.g, adversaries[phase.Adversary]
	real, fake := d(x.photo, x.own), d(picture, x.asked)
	loss := game.critic(g, real.Score, fake.Score)
	if game.penalty != nil {
		penalty, err := game.penalty(s, d, x.from, picture, times(g, x.own, p.fakes()))
		if err != nil {
			return fake, nil, err
		}
		s.outputs["penalty"] = penalty
		loss = g.Add(loss, g.Affine(penalty, p.Penalty, 0))
	}
	s.outputs["critic adversarial"] = loss
	if p.CriticAU > 0 {
		reads := auLosses[p.AULoss](g, real.AU, x.own)
		s.outputs["critic au"] = reads
		loss = g.Add(loss, g.Affine(reads, p.CriticAU, 0))
	}
	s.outputs["critic"] = loss
	return fake, loss, nil
}

// readerLoss asks a fixed AU reader whether the change was made. The jitter
// keeps the generator from drawing what only this reader sees at these very
// pixels. It moves the warp and the shade, which light bounds, and no paint.
func (s *step) readerLoss(p Preset, w Weights, reader *net.Reader, x scene, made edited, add func(string, float64, graph.Node)) {
	g, size, picture := s.g, p.Size(), made.picture
	if f := made.field; f != nil && p.Generator.Parts != net.Paint {
		picture = made.cover(g, made.under)
	}
	fixed := net.NewScope(g, "reader")
	read := func(picture graph.Node) graph.Node {
		if reader.Size != size {
			picture = g.Resize(picture, reader.Size, reader.Size)
		}
		return reader.Apply(fixed, picture, nil, false, nil).AU
	}
	before := g.Stop(read(x.photo))
	after := read(g.Warp(picture, s.input("jitter", p.Batch, size, size, 2)))
	if w.Field > 0 {
		after = moving(g, after, heard(g, x.ask))
	}
	add("au", w.AU, askedHuber(g, after, before, x.ask, s.input("slope", 1, au.Count)))
	s.loaded = fixed.Params
}

// moving is x, but only a part of what is wanted of it, 0 to 1 and of x's shape, reaches
// what x was made of.
func moving(g *graph.Graph, x, part graph.Node) graph.Node {
	still := g.Stop(x)
	return g.Add(still, g.Mul(g.Sub(x, still), part))
}

// unheard is how much of what a reader reads of an Action Unit that is asked for moves
// no generator where a teacher says what to show. A reader has brows that are lowered
// curled up at their ends, outer brows drawn out, raised upper lips parted over teeth,
// chins painted grey and noses over a dropped jaw darkened. A teacher alone, though, has
// frowns read as a third of what they were asked for. What is not asked for shall stay.
var unheard = map[string]float32{"02": .5, "04": .6, "10": 1, "17": 1, "26": 1}

// ignored is one whose reading never does: asked for closed eyes a reader is content with
// half of the way, and has lids bleached for the rest.
const ignored = "45"

// heard is how far what a reader reads of each Action Unit moves the generator,
// [N 17], where ask [N 17] is asked.
func heard(g *graph.Graph, ask graph.Node) graph.Node {
	var stays, lost au.Vector
	for i, unit := range au.Units {
		if unit.Code != ignored {
			stays[i], lost[i] = 1, unheard[unit.Code]
		}
	}
	row := func(name string, v au.Vector) graph.Node { return g.Const(name, v[:], 1, au.Count) }
	return g.Sub(row("stays", stays), g.Mul(row("lost", lost), asked(g, ask)))
}

// fieldLosses are the losses of a field: where it shall warp, what it shall
// show, and what it shall not do.
func (s *step) fieldLosses(p Preset, w Weights, made edited, add func(string, float64, graph.Node)) {
	g, b, field := s.g, p.Batch, made.field
	if w.Motion > 0 {
		at, want := s.input("places", b, 1, points, 2), s.input("motion", b, 1, points, 2)
		add("motion", w.Motion, g.Affine(huber(g, g.Warp(field.HalfWarp, at), want, motionBeta), 10, 0))
	}
	if w.Teacher > 0 {
		taught := s.input("teacher", b, p.Size(), p.Size(), 3)
		add("teacher", w.Teacher, l1(g, made.picture, taught))
		if w.Colour > 0 {
			// The mask multiplies the colour's gradient: a closed mask learns no
			// colour, and without a colour worth showing it stays closed.
			missed := g.Stop(g.Relu(g.Affine(g.Abs(g.Sub(made.under, taught)), 1, -w.Floor)))
			wrong := g.Add(g.Abs(g.Sub(field.Colour, taught)), g.Affine(field.Mask, -1, 1))
			add("colour", w.Colour, g.Mean(g.Mul(wrong, missed)))
		}
	}
	if w.Field > 0 {
		taught := func(part string, channels int) graph.Node {
			return s.input("taught "+part, b, p.Size(), p.Size(), channels)
		}
		shade, mask := l1(g, field.Shade, taught("shade", 3)), taught("mask", 1)
		covered := misses(g, g.Resize(field.HalfOdds, p.Size(), p.Size()), mask)
		wrong := g.Mean(g.Mul(g.Abs(g.Sub(field.Colour, taught("colour", 3))), mask))
		// Between the landmarks, too: a reader asked for raised brows has the eyes stretched.
		moved := l1(g, field.Warp, taught("warp", 2))
		add("field", w.Field, g.AddN(g.Affine(shade, .25, 0), g.Affine(covered, 10, 0), g.Affine(wrong, 16, 0), g.Affine(moved, 5, 0)))
	}
	add("variation", w.Variation, variation(g, field.HalfWarp))
	add("bend", w.Bend, bend(g, field.HalfWarp))
	add("shade", w.Shade, g.Mean(g.Abs(field.HalfShade)))
	if w.Tint > 0 {
		add("tint", w.Tint, tint(g, field.HalfShade))
	}
	add("mask", w.Mask, g.Mean(field.Mask))
	add("paint", w.Paint, l1(g, made.picture, made.under))
}

// paints is how much more a pixel counts that the teacher paints than one that it
// leaves: they are one in a hundred.
const paints = 3

// misses is the weighted cross entropy of a mask's log odds and the mask that is
// wanted. The mean difference of the masks is least for one that is closed for
// good, and once closed it has no gradient.
func misses(g *graph.Graph, odds, want graph.Node) graph.Node {
	open := g.Affine(g.Mul(want, g.Softplus(g.Affine(odds, -1, 0))), paints, 0)
	return g.Mean(g.Add(open, g.Mul(g.Affine(want, -1, 1), g.Softplus(odds))))
}

// critique builds an extra critic step of d_g_ratio: as gan without all that
// only the generator needs.
func critique(p Preset, phase Phase, seed uint64) (*step, error) {
	s := newStep()
	g := s.g
	x := s.scene(p)
	gen, critic := net.NewScope(g, "gen"), net.NewScope(g, "critic")
	made := p.edit(gen, x.from, x.ask, x.asked)
	s.loaded = gen.Params
	_, loss, err := s.criticLoss(p, phase, p.judge(critic), x, g.Stop(made.picture))
	if err != nil {
		return nil, err
	}
	grads, err := g.Grad(loss, nodes(critic)...)
	if err != nil {
		return nil, fmt.Errorf("critic: %w", err)
	}
	s.adam("critic", critic, grads, s.sound([]graph.Node{loss}, grads), p, seed, false)
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
	losses, checked := []graph.Node{loss}, grads
	var criticGrads []graph.Node
	if critic != nil {
		if criticGrads, err = g.Grad(criticLoss, nodes(critic)...); err != nil {
			return fmt.Errorf("critic: %w", err)
		}
		losses, checked = append(losses, criticLoss), append(append([]graph.Node(nil), grads...), criticGrads...)
	}
	ok := s.sound(losses, checked)
	s.adam("gen", gen, grads, ok, p, seed, !p.Plain && !p.Raw)
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
