package net

import (
	"mien/native/internal/graph"
	"mien/shared/model"
)

// Embedder is the shape of the network that tells people apart: a reader's trunk
// and a code of length 1.
type Embedder struct {
	Trunk Reader // its Hidden is not used
	Dim   int
}

// Apply returns the codes [N Dim] of photo [N S S 3]; training and dropout as in
// Reader.Apply.
func (n Embedder) Apply(s *Scope, photo graph.Node, training bool, dropout graph.Node) graph.Node {
	g := s.G
	flat := n.Trunk.trunk(s, photo, training)
	if dropout != nil {
		flat = g.Mul(flat, dropout)
	}
	code := s.Dense(flat, "code", n.Dim, Init{"normal", .02})
	length := g.Sqrt(g.Affine(g.SumTo(g.Square(code), graph.Shape(code)[0], 1), 1, normEpsilon))
	return g.Div(code, length)
}

// Export makes the model file of n; see Generator.Export.
func (n Embedder) Export(info model.Info, values map[string][]float32) (*model.File, error) {
	g := graph.New()
	code := n.Apply(NewScope(g, "embedder"), g.Input("photo", 1, n.Trunk.Size, n.Trunk.Size, 3), false, nil)
	info.Kind, info.Size = model.KindEmbedder, n.Trunk.Size
	return export(g, info, values, map[string]graph.Node{"features": code})
}

// Centres are the codes [dim n] of n people, each of length 1, to compare codes
// with while training.
func (s *Scope) Centres(name string, dim, n int) graph.Node {
	g := s.G
	w := s.state(name, true, Init{"normal", .1}, dim, n)
	return g.Div(w, g.Sqrt(g.Affine(g.SumTo(g.Square(w), 1, n), 1, normEpsilon)))
}
