package train

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/native/internal/net"
)

// Adversary names the game between generator and critic.
type Adversary string

// The adversaries.
const (
	NoAdversary   Adversary = ""
	BCE           Adversary = "bce"            // binary cross-entropy, Goodfellow et al., 2014
	NonSaturating Adversary = "non-saturating" // the same by its other name
	R1            Adversary = "r1"             // and with R1, Mescheder et al., 2018
	LeastSquares  Adversary = "ls"             // Mao et al., 2017
	WGAN          Adversary = "wgan"           // with clipped weights, Arjovsky et al., 2017
	WGANGP        Adversary = "wgan-gp"        // Gulrajani et al., 2017
)

// adversary is what critic and generator each want to be small. Scores are
// [N 1], higher is more real; every loss is a mean over the batch, shape [1].
type adversary struct {
	critic    func(g *graph.Graph, real, fake graph.Node) graph.Node
	generator func(g *graph.Graph, fake graph.Node) graph.Node
	// penalty holds the critic's slope down; nil for none.
	penalty func(s *step, d judge, real, fake, own graph.Node) (graph.Node, error)
	clip    float32 // the critic's weights are kept in -clip to clip; 0 for no bound
}

// Hinge is the game of a painter of mouths, place by place (Lim and Ye: Geometric
// GAN, 2017); see mouth.
const Hinge Adversary = "hinge"

// judge is a critic applied to pictures of faces with the given Action Units.
type judge func(photo, aus graph.Node) net.Verdict

var adversaries = map[Adversary]adversary{
	BCE:           {critic: logisticCritic, generator: logisticGenerator},
	NonSaturating: {critic: logisticCritic, generator: logisticGenerator},
	R1:            {critic: logisticCritic, generator: logisticGenerator, penalty: r1},
	LeastSquares:  {critic: squaresCritic, generator: squaresGenerator},
	WGAN:          {critic: wassersteinCritic, generator: wassersteinGenerator, clip: .01},
	WGANGP:        {critic: wassersteinCritic, generator: wassersteinGenerator, penalty: gradientPenalty},
}

// logisticCritic is -log sigmoid(real) - log(1 - sigmoid(fake)).
func logisticCritic(g *graph.Graph, real, fake graph.Node) graph.Node {
	return g.Add(g.Mean(g.Softplus(g.Affine(real, -1, 0))), g.Mean(g.Softplus(fake)))
}

// logisticGenerator is -log sigmoid(fake): the cross-entropy of a picture that
// passes for real, the form with a useful gradient (Goodfellow et al., 2014,
// section 3).
func logisticGenerator(g *graph.Graph, fake graph.Node) graph.Node {
	return g.Mean(g.Softplus(g.Affine(fake, -1, 0)))
}

// squaresCritic wants 1 for real and 0 for painted pictures.
func squaresCritic(g *graph.Graph, real, fake graph.Node) graph.Node {
	return g.Add(g.Mean(g.Square(g.Affine(real, 1, -1))), g.Mean(g.Square(fake)))
}

func squaresGenerator(g *graph.Graph, fake graph.Node) graph.Node {
	return g.Mean(g.Square(g.Affine(fake, 1, -1)))
}

// wassersteinCritic is minus the earth mover's distance, as far as the critic
// sees it.
func wassersteinCritic(g *graph.Graph, real, fake graph.Node) graph.Node {
	return g.Sub(g.Mean(fake), g.Mean(real))
}

func wassersteinGenerator(g *graph.Graph, fake graph.Node) graph.Node {
	return g.Affine(g.Mean(fake), -1, 0)
}

// gradientPenalty is mean (|grad D| - 1)^2 at points between real and fake
// pictures (Gulrajani et al., 2017, equation 3); the input mix [N 1 1 1] is
// uniform in 0 to 1.
func gradientPenalty(s *step, d judge, real, fake, own graph.Node) (graph.Node, error) {
	g := s.g
	between := g.Add(fake, g.Mul(g.Sub(real, fake), s.input("mix", graph.Shape(real)[0], 1, 1, 1)))
	grads, err := g.Grad(g.Sum(d(between, own).Score), between)
	if err != nil {
		return nil, fmt.Errorf("gradient penalty: %w", err)
	}
	// The small term keeps the root's own derivative finite.
	length := g.Sqrt(g.Affine(lengths(g, grads[0]), 1, 1e-12))
	return g.Mean(g.Square(g.Affine(length, 1, -1))), nil
}

// r1 is half the mean |grad D|^2 at real pictures (Mescheder et al., 2018,
// equation 9). A quarter of the batch each step costs what the whole batch each
// fourth step would, and needs one plan, not two.
func r1(s *step, d judge, real, _, own graph.Node) (graph.Node, error) {
	g, few := s.g, max(graph.Shape(real)[0]/4, 1)
	real, own = g.Slice(real, 0, 0, few), g.Slice(own, 0, 0, few)
	grads, err := g.Grad(g.Sum(d(real, own).Score), real)
	if err != nil {
		return nil, fmt.Errorf("gradient penalty: %w", err)
	}
	return g.Affine(g.Mean(lengths(g, grads[0])), .5, 0), nil
}

// lengths returns the squared length of each picture's gradient, [N 1 1 1].
func lengths(g *graph.Graph, grad graph.Node) graph.Node {
	return g.SumTo(g.Square(grad), graph.Shape(grad)[0], 1, 1, 1)
}
