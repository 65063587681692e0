package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/edit"
)

// lit is edit.Light as graph nodes: what shade [N S S 3] does to places of colours seen
// [N S S 3] in faces whose skin is as light as skin, [N 1 1 1], by deepest at most, [N S 1 1].
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

// deepest is edit.Deepest as graph nodes, at the rows of a picture: [N side 1 1] of
// changes [N 17].
func deepest(s *Scope, change graph.Node, side int) graph.Node {
	g, n := s.G, graph.Shape(change)[0]
	under, folds := make([]float32, side), make([]float32, au.Count)
	for i := range under {
		under[i] = edit.UnderEyes((2*float32(i)+1)/float32(side) - 1)
	}
	for i := range folds {
		folds[i] = 1
	}
	folds[edit.Folded] = edit.Folds
	sum := g.Affine(g.SumTo(g.Abs(change), n, 1), 1, edit.Slight)
	bound := func(change graph.Node) graph.Node {
		norm := g.Sqrt(g.SumTo(g.Mul(change, change), n, 1))
		return g.Reshape(g.Div(g.Affine(norm, edit.MostShade, edit.MostShade*edit.Slight), sum), n, 1, 1, 1)
	}
	eyes := bound(change)
	cheeks := bound(g.Mul(change, s.constant("folds", folds, 1, au.Count)))
	rows := s.constant(fmt.Sprintf("eyes%d", side), under, 1, side, 1, 1)
	return g.Stop(g.Add(eyes, g.Mul(g.Sub(cheeks, eyes), rows)))
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
