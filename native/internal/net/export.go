package net

import (
	"fmt"
	"math"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/model"
)

// Export makes the model file of n with the weights in values, named as its
// scope names them; batch 1, so that a page can run it. An Absolute one has the
// further input own, what the face shows.
func (n Generator) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	change := g.Input("change", 1, au.Count)
	var shall graph.Node
	if n.Absolute {
		shall = g.Add(g.Input("own", 1, au.Count), change)
	}
	f := n.ApplyTo(NewScope(g, "gen"), g.Input("photo", 1, n.Size, n.Size, 3), change, shall)
	info.Kind, info.Size = model.KindGenerator, n.Size
	return export(g, info, values, map[string]graph.Node{"warp": f.Warp, "shade": f.Shade, "mask": f.Mask, "colour": f.Colour})
}

// Export makes the model file of n; see Generator.Export. The file is fed with
// the Action Units as they shall be, in units of intensity; values must hold
// Most. Its field has no warp, and covers the face with the painted colour.
func (n Painter) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	photo, target := g.Input("photo", 1, PainterSize, PainterSize, 3), g.Input("target", 1, au.Count)
	aus := g.Clamp(g.Div(target, g.State(Most, 1, au.Count)), 0, 1)
	p := n.Apply(NewScope(g, "gen"), g.Affine(photo, .5, .5), aus, false)
	mask := g.Clamp(g.Const("gen.oval", oval(PainterSize), 1, PainterSize, PainterSize, 1), 0, 1)
	info.Kind, info.Size = model.KindGenerator, PainterSize
	return export(g, info, values, map[string]graph.Node{"mask": mask, "colour": g.Clamp(g.Affine(p.Picture, 2, -1), -1, 1)})
}

// Start returns the first weights of n and a Most of 1.
func (n Painter) Start(seed uint64) map[string][]float32 {
	g := graph.New()
	s := NewScope(g, "gen")
	n.Apply(s, g.Input("photo", 1, PainterSize, PainterSize, 3), g.Input("aus", 1, au.Count), false)
	values := s.Start(seed)
	values[Most] = make([]float32, au.Count)
	for i := range values[Most] {
		values[Most][i] = 1
	}
	return values
}

// The oval in which a painted face replaces the photo, in half frames: from
// above the brows to below the chin of the training frame.
const (
	ovalX, ovalY = .72, .86 // radii
	ovalDown     = .1       // centre
	ovalFeather  = .25      // the outer part of the radius, over which it fades
)

// oval is 1 inside the face and fades to 0 at its edge, [size size 1].
func oval(size int) []float32 {
	m := make([]float32, size*size)
	for i := range m {
		u, v := (2*float64(i%size)+1)/float64(size)-1, (2*float64(i/size)+1)/float64(size)-1
		t := (1 - math.Hypot(u/ovalX, (v-ovalDown)/ovalY)) / ovalFeather
		t = min(max(t, 0), 1)
		m[i] = float32(t * t * (3 - 2*t))
	}
	return m
}

// Export makes the model file of n; see Generator.Export.
func (n Reader) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	photo := g.Input("photo", 1, n.Size, n.Size, 3)
	var shape graph.Node
	if n.Form > 0 {
		shape = g.Input("shape", 1, model.SeenShape)
	}
	r := n.Apply(NewScope(g, "reader"), photo, shape, false, nil)
	outputs := map[string]graph.Node{"au": r.AU}
	if n.Form == 0 {
		outputs["landmarks"], outputs["eyes"] = r.Landmarks, r.Eyes
	}
	info.Kind, info.Size = model.KindReader, n.Size
	return export(g, info, values, outputs)
}

func export(g *graph.Graph, info model.Info, values map[string][]float32, outputs map[string]graph.Node) (*model.File, error) {
	p, err := g.Lower(outputs)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", info.Kind, err)
	}
	return model.Pack(info, p, values)
}
