package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/model"
)

// Export makes the model file of n with the weights in values, named as its
// scope names them; batch 1, so that a page can run it.
func (n Generator) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	f := n.Apply(NewScope(g, "gen"), g.Input("photo", 1, n.Size, n.Size, 3), g.Input("change", 1, au.Count))
	info.Kind, info.Size = model.KindGenerator, n.Size
	return export(g, info, values, map[string]graph.Node{"warp": f.Warp, "shade": f.Shade, "mask": f.Mask, "colour": f.Colour})
}

// Export makes the model file of n; see Generator.Export.
func (n Reader) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	r := n.Apply(NewScope(g, "reader"), g.Input("photo", 1, n.Size, n.Size, 3), false, nil)
	info.Kind, info.Size = model.KindReader, n.Size
	return export(g, info, values, map[string]graph.Node{"au": r.AU, "landmarks": r.Landmarks, "eyes": r.Eyes})
}

func export(g *graph.Graph, info model.Info, values map[string][]float32, outputs map[string]graph.Node) (*model.File, error) {
	p, err := g.Lower(outputs)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", info.Kind, err)
	}
	return model.Pack(info, p, values)
}
