package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/layer"
	"mien/shared/model"
)

// Mouth is the shape of the network that paints the inside of open lips: a
// U-Net on the patch about a mouth, seen at half size. It has no source of
// chance, so that a mouth that opens little by little does not flicker.
type Mouth struct {
	Width  int // channels at half size
	Blocks int // residual blocks at an eighth of the size
}

// Apply paints picture [N H W 3], -1 to 1, where hole [N H W 1] is 1. It does
// not see what is in the hole, and what it returns outside means nothing.
func (n Mouth) Apply(s *Scope, picture, hole graph.Node) graph.Node {
	g := s.G
	shape := graph.Shape(picture)
	batch, h, w := shape[0], shape[1], shape[2]
	none := Init{}

	seen := g.Concat(3, g.Mul(picture, g.Affine(hole, -1, 1)), hole)
	place := g.Spread(grid(s, h/2, w/2), batch, h/2, w/2, 2)
	h0 := g.LeakyRelu(s.AffineNorm(s.Conv(g.Concat(3, g.Unshuffle(seen, 2), place), "stem", 3, 1, 1, n.Width, none), "norm0"), slope)
	h1 := g.LeakyRelu(s.AffineNorm(s.Conv(h0, "down1", 4, 2, 1, 2*n.Width, none), "norm1"), slope)
	x := g.LeakyRelu(s.AffineNorm(s.Conv(h1, "down2", 4, 2, 1, 4*n.Width, none), "norm2"), slope)
	for i := range n.Blocks {
		name := fmt.Sprintf("block%d", i)
		r := g.LeakyRelu(s.AffineNorm(s.Conv(x, name+".a", 3, 1, 1, 4*n.Width, none), name+".norm1"), slope)
		x = g.Add(x, s.AffineNorm(s.Conv(r, name+".b", 3, 1, 1, 4*n.Width, none), name+".norm2"))
	}
	x = s.Conv(g.Concat(3, g.Resize(x, h/4, w/4), h1), "up1", 3, 1, 1, 2*n.Width, none)
	x = g.LeakyRelu(s.AffineNorm(x, "norm3"), slope)
	x = s.Conv(g.Concat(3, g.Resize(x, h/2, w/2), h0), "up2", 3, 1, 1, 3*n.Width/2, none)
	x = g.LeakyRelu(s.AffineNorm(x, "norm4"), slope)
	// Bilinear, then smooth convolutions: see Generator.ApplyTo.
	x = g.LeakyRelu(s.Conv(g.Resize(x, h, w), "head1", 3, 1, 1, n.Width/2, none), slope)
	return g.Tanh(s.Conv(x, "head2", 3, 1, 1, 3, Init{"normal", .02}))
}

// grid is the constant [1 h w 2] of pixel centres in -1 to 1, across and down.
func grid(s *Scope, h, w int) graph.Node {
	data := make([]float32, h*w*2)
	for i := range h * w {
		data[2*i] = (2*float32(i%w)+1)/float32(w) - 1
		data[2*i+1] = (2*float32(i/w)+1)/float32(h) - 1
	}
	return s.constant(fmt.Sprintf("grid%dx%d", h, w), data, 1, h, w, 2)
}

// Export makes the model file of n; see Generator.Export.
func (n Mouth) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	picture := g.Input("picture", 1, layer.PatchHeight, layer.PatchWidth, 3)
	hole := g.Input("hole", 1, layer.PatchHeight, layer.PatchWidth, 1)
	painted := n.Apply(NewScope(g, "mouth"), picture, hole)
	info.Kind, info.Size = model.KindMouth, layer.PatchWidth
	return export(g, info, values, map[string]graph.Node{"painted": painted})
}

// PatchCritic is the shape of the network that tells mouths that were painted
// from photographed ones, place by place: 4x4 convolutions of stride 2 under
// spectral norm (Miyato et al., 2018), and a verdict at each pixel of what is
// left (Isola et al.: Image-to-image translation with conditional adversarial
// networks, 2017).
type PatchCritic struct {
	Width  int // channels after the first convolution
	Levels int // number of halvings
}

// Scale is how many pixels of the patch a side a verdict stands for.
func (n PatchCritic) Scale() int { return 1 << n.Levels }

// Apply judges picture [N H W 3] with the hole [N H W 1]: [N H/Scale W/Scale 1],
// higher is more real.
func (n PatchCritic) Apply(s *Scope, picture, hole graph.Node) graph.Node {
	g, width := s.G, n.Width
	c := Critic{Spectral: true}
	h := g.Concat(3, picture, hole)
	for i := range n.Levels {
		h = g.LeakyRelu(c.conv(s, h, fmt.Sprintf("conv%d", i), 4, 2, width), slope)
		width *= 2
	}
	return c.conv(s, h, "patch", 3, 1, 1)
}
