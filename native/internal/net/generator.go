package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/au"
)

// Generator is the shape of an editing network: it turns a photo and a change
// of Action Units into a field (see edit.Field). Design: a warp carries the
// expression at full resolution and keeps the person (Dorta et al.: The GAN
// that warped, 2020), the shade adds folds and shadows without a loss of
// sharpness, mask and colour paint what neither can (Pumarola et al.:
// GANimation, 2018).
type Generator struct {
	Size   int // side of the picture, a multiple of 8
	Width  int // channels at half size
	Blocks int // residual blocks at an eighth of the size

	Attention bool // a self-attention block after the residual blocks
	// Absolute tells the network what the face shall show, not by how much it
	// shall change; the gate stays on the change.
	Absolute bool
	Parts    Parts // Defaults to Both.
}

// Parts are the ways in which a generator may edit.
type Parts string

// The parts.
const (
	Both  Parts = ""
	Warp  Parts = "warp"  // moves what is there, adds nothing
	Paint Parts = "paint" // shades and paints, moves nothing
)

// Field is a generator's answer as graph nodes.
type Field struct {
	HalfWarp  graph.Node // [N S/2 S/2 2], as the network drew it
	HalfShade graph.Node // [N S/2 S/2 3], likewise
	HalfOdds  graph.Node // [N S/2 S/2 1], the mask's log odds, likewise, before small changes close it
	Warp      graph.Node // [N S S 2], normalised units
	Shade     graph.Node // [N S S 3], -maxShade to maxShade
	Deepest   graph.Node // [N S S 1], what light makes of it is within this (see edit.Deepest)
	Mask      graph.Node // [N S S 1], 0 to 1
	Colour    graph.Node // [N S S 3], -1 to 1
}

// maxWarp bounds the warp: a fifth of half the frame, about 13 pixels of 128; a
// jaw that drops with the lips parted moves by 11.
const maxWarp = .2

// maxShade bounds the shade: 0.7 of -1 to 1, from grey to almost black.
const maxShade = .7

// gateRate sets how fast the field opens with the change: 1-exp(-1.5*|d|).
const gateRate = 1.5

// latent is the width of the condition's code.
const latent = 64

// Apply builds the field of photo [N S S 3] under change [N 17], in units of
// intensity. The field of no change is zero, whatever the weights are.
func (n Generator) Apply(s *Scope, photo, change graph.Node) Field {
	return n.ApplyTo(s, photo, change, nil)
}

// ApplyTo is Apply for a face that shall then show the intensities shall [N 17]:
// an Absolute generator is told these, within 0 to au.Max; others ignore them.
func (n Generator) ApplyTo(s *Scope, photo, change, shall graph.Node) Field {
	g := s.G
	batch, half, w := graph.Shape(photo)[0], n.Size/2, n.Width
	none := Init{}

	told := change
	if n.Absolute {
		told = g.Clamp(shall, 0, au.Max)
	}
	z := g.Relu(s.Dense(g.Affine(told, .5, 0), "code1", latent, none))
	z = g.Relu(s.Dense(z, "code2", latent, none))
	total := g.SumTo(g.Abs(change), batch, 1)
	gate := g.Reshape(g.Affine(g.Exp(g.Affine(total, -gateRate, 0)), -1, 1), batch, 1, 1, 1)

	place := g.Spread(coordinates(s, half), batch, half, half, 2)
	h0 := g.Relu(s.Conv(g.Concat(3, g.Unshuffle(photo, 2), place), "stem", 3, 1, 1, w, none))
	h1 := g.Relu(s.AffineNorm(s.Conv(h0, "down1", 4, 2, 1, 2*w, none), "norm1"))
	h := g.Relu(s.AffineNorm(s.Conv(h1, "down2", 4, 2, 1, 4*w, none), "norm2"))
	for i := range n.Blocks {
		name := fmt.Sprintf("block%d", i)
		r := s.FiLM(s.InstanceNorm(s.Conv(h, name+".a", 3, 1, 1, 4*w, none)), z, name+".film1")
		r = s.FiLM(s.InstanceNorm(s.Conv(g.Relu(r), name+".b", 3, 1, 1, 4*w, none)), z, name+".film2")
		h = g.Add(h, r)
	}
	if n.Attention {
		h = s.Attention(h, "attention")
	}
	h = s.Conv(g.Concat(3, g.Nearest(h, 2), h1), "up1", 3, 1, 1, 2*w, none)
	h = g.Relu(s.FiLM(s.InstanceNorm(h), z, "film1"))
	h = s.Conv(g.Concat(3, g.Nearest(h, 2), h0), "up2", 3, 1, 1, 3*w/2, none)
	h = g.Relu(s.FiLM(s.InstanceNorm(h), z, "film2"))

	small := Init{"normal", .01}
	var f Field
	moved, painted := 1., 1. // factors of warp, and of shade and mask
	switch n.Parts {
	case Warp:
		painted = 0
	case Paint:
		moved = 0
	}
	// One convolution for what is drawn at half size: alone, each would fill a
	// fraction of a vector.
	heads := s.Conv(h, "heads", 5, 1, 2, 6, small)
	f.HalfWarp = g.Mul(g.Affine(g.Tanh(g.Slice(heads, 3, 0, 2)), moved*maxWarp, 0), gate)
	f.Warp = g.Resize(f.HalfWarp, n.Size, n.Size)
	f.HalfShade = g.Mul(g.Affine(g.Tanh(g.Slice(heads, 3, 2, 5)), painted*maxShade, 0), gate)
	f.Shade = g.Resize(f.HalfShade, n.Size, n.Size)
	f.Deepest = deepest(s, change, n.Size)
	// The mask starts nearly closed (-2), so that warping is tried first.
	f.HalfOdds = g.Affine(g.Slice(heads, 3, 5, 6), 1, -2)
	f.Mask = g.Mul(g.Resize(g.Sigmoid(f.HalfOdds), n.Size, n.Size), gate)
	if painted == 0 {
		f.Mask = g.Affine(f.Mask, 0, 0)
	}
	// Bilinear upsampling and two smooth convolutions: a pixel-shuffled head
	// drew checkerboards that please an AU reader.
	c := g.Relu(s.Conv(g.Resize(h, n.Size, n.Size), "colour1", 3, 1, 1, 3*w/4, none))
	f.Colour = g.Tanh(s.Conv(c, "colour2", 3, 1, 1, 3, small))
	return f
}

// Draw applies a field to photo as the editor does: (warp(photo)+light)*(1-mask) +
// colour*mask, light being what the shade does there (see edit.Light);
// under is what lies under the mask.
func Draw(g *graph.Graph, photo graph.Node, f Field) (picture, under graph.Node) {
	moved := g.Warp(photo, f.Warp)
	light := lit(g, f.Shade, g.Stop(moved), g.Stop(skin(g, photo)), f.Deepest)
	under = g.Add(moved, light)
	return g.Add(under, g.Mul(g.Sub(f.Colour, under), f.Mask)), under
}

// coordinates is the constant [1 size size 2] of pixel centres in -1 to 1.
func coordinates(s *Scope, size int) graph.Node {
	data := make([]float32, size*size*2)
	for y := range size {
		for x := range size {
			data[(y*size+x)*2] = (2*float32(x)+1)/float32(size) - 1
			data[(y*size+x)*2+1] = (2*float32(y)+1)/float32(size) - 1
		}
	}
	return s.constant(fmt.Sprintf("place%d", size), data, 1, size, size, 2)
}
