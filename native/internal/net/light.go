package net

import (
	"fmt"
	"slices"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/edit"
)

// lit is edit.Light as graph nodes: what shade [N S S 3] does to places of colours seen
// [N S S 3] in faces whose skin is as light as skin, [N 1 1 1], by deepest at most, [N S S 1].
func lit(g *graph.Graph, shade, seen, skin, deepest graph.Node) graph.Node {
	over := g.Div(shade, deepest)
	shade = g.Div(shade, g.Sqrt(g.Affine(g.Mul(over, over), 1, 1)))
	light := g.Clamp(g.Affine(channels(g, seen), .5, .5), edit.LeastLight, 1)
	dimmed := g.Clamp(g.Div(light, skin), 0, 1)
	more := channels(g, shade)
	left := g.Div(g.Affine(light, -edit.Room, edit.Room), g.Affine(skin, -1, 1)) // up to white
	lightened := g.Sub(dimmed, g.Relu(g.Sub(dimmed, left)))                      // the smaller
	darkened := g.Affine(dimmed, 1-edit.Steady, edit.Steady)
	shaded := func(x graph.Node) graph.Node {
		shadow := g.Inside(g.Stop(x), -1, 0) // 1 or 0
		return g.Mul(x, g.Add(lightened, g.Mul(g.Sub(darkened, lightened), shadow)))
	}
	colour := g.Clamp(g.Div(g.Affine(seen, .5, .5), light), 0, edit.MostColour)
	own := g.Mul(colour, shaded(more))
	return g.Add(g.Affine(shaded(shade), 1-edit.OwnColour, 0), g.Affine(own, edit.OwnColour, 0))
}

// deepest is edit.Deepest as graph nodes, at the places of a picture: [N side side 1] of
// changes [N 17].
func deepest(s *Scope, change graph.Node, side int) graph.Node {
	g, n := s.G, graph.Shape(change)[0]
	sum := g.Affine(g.SumTo(g.Abs(change), n, 1), 1, edit.Slight)
	var depth graph.Node
	for z := range edit.Zones {
		where := make([]float32, side*side)
		for i := range where {
			where[i] = edit.ZonesAt((2*float32(i%side)+1)/float32(side)-1, (2*float32(i/side)+1)/float32(side)-1)[z]
		}
		shades := g.Mul(change, s.constant(fmt.Sprintf("shades%d", z), slices.Clone(edit.Shades[z][:]), 1, au.Count))
		norm := g.Sqrt(g.SumTo(g.Mul(shades, shades), n, 1))
		bound := g.Reshape(g.Div(g.Affine(norm, edit.MostShade, edit.MostShade*edit.Slight), sum), n, 1, 1, 1)
		part := g.Mul(s.constant(fmt.Sprintf("zone%d.%d", z, side), where, 1, side, side, 1), bound)
		if depth == nil {
			depth = part
		} else {
			depth = g.Add(depth, part)
		}
	}
	return g.Stop(depth)
}

// channels is the mean of the channels of x [N S S 3]: [N S S 1].
func channels(g *graph.Graph, x graph.Node) graph.Node {
	s := graph.Shape(x)
	return g.Affine(g.SumTo(x, s[0], s[1], s[2], 1), 1./3, 0)
}

// skin is edit.Skin as graph nodes: [N 1 1 1] of photos [N S S 3].
func skin(g *graph.Graph, photo graph.Node) graph.Node {
	n, side := graph.Shape(photo)[0], graph.Shape(photo)[1]
	from := edit.SkinFrom(side)
	middle := g.Slice(g.Slice(photo, 1, from, side-from), 2, from, side-from)
	mean := g.Affine(g.SumTo(middle, n, 1, 1, 1), 1/float64(graph.Shape(middle).Numel()/n), 0)
	return g.Clamp(g.Affine(mean, .5, .5), edit.LeastSkin, edit.MostSkin)
}
