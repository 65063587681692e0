package train

import (
	"mien/native/internal/dataset"
	"mien/native/internal/net"
)

// references are the nine experiments of Facial Unpaired Image-to-Image
// Translation with (Self-Attention) Conditional Cycle-Consistent GANs, each
// with its own network, losses and loop. What several have in common comes
// from reference.
//
// Where its records leave something open: the critic moves five times a
// generator step under a gradient penalty (Gulrajani et al., 2017), else once;
// e3 takes the least squares that its code used (--loss-type wgan and wgan-gp
// are its variants); e5 to e7 take the gradient penalty (--loss-type
// non-saturating is theirs, for e5 with --au-loss l1).
var references = []Preset{
	reference("e1", "112x112, U-Net, cross-entropy: known to diverge", Preset{
		Painter: net.Painter{Arch: net.A, Normal: true}, AULoss: "mse", CriticAU: 1,
	}, BCE, Weights{Adversarial: 2, AU: 2, Identity: 1}),
	reference("e2", "e1 from Glorot-uniform weights", Preset{
		Painter: net.Painter{Arch: net.A}, AULoss: "mse", CriticAU: 1,
	}, BCE, Weights{Adversarial: 2, AU: 2, Identity: 1}),
	reference("e3", "112x112, U-Net, least squares, 10 fakes a face, noise on active AUs", Preset{
		Painter: net.Painter{Arch: net.A}, AULoss: "mse", CriticAU: 2, Batch: 64, Fakes: 10, Noise: .1, Mirror: true,
	}, LeastSquares, Weights{Adversarial: 1, AU: 2, Identity: 1}),
	reference("e4", "112x112, U-Net, cross-entropy, log mean absolute error of AUs", Preset{
		Painter: net.Painter{Arch: net.A}, AULoss: "log-mae", CriticAU: 2, Fakes: 10,
	}, BCE, Weights{Adversarial: 1, AU: 2, Identity: 1}),
	reference("e5", "112x112, one skip, WGAN-GP, presence, one AU reversed at a time", Preset{
		Painter: net.Painter{Arch: net.B}, AULoss: "bce", CriticAU: 10, Labels: dataset.Presence, Fakes: 17, Complements: true,
	}, WGANGP, Weights{Adversarial: 1, AU: 10, Identity: 10}),
	reference("e6", "112x112, 5x5 in the middle, WGAN-GP, presence, AUs weigh 100", Preset{
		Painter: net.Painter{Arch: net.C}, AULoss: "bce", CriticAU: 100, Labels: dataset.Presence,
	}, WGANGP, Weights{Adversarial: 1, AU: 100, Identity: 10}),
	reference("e7", "112x112, batch norm, 43 million parameters, WGAN-GP, presence", Preset{
		Painter: net.Painter{Arch: net.D}, AULoss: "bce", CriticAU: 10, Labels: dataset.Presence,
	}, WGANGP, Weights{Adversarial: 1, AU: 10, Identity: 10}),
	reference("e8", "e7 with the AUs joined twice: the reference's best", Preset{
		Painter: net.Painter{Arch: net.E}, AULoss: "bce", CriticAU: 10, Labels: dataset.Presence,
	}, WGANGP, Weights{Adversarial: 1, AU: 10, Identity: 10}),
	reference("e9", "e8 on intensities, L1 of AUs", Preset{
		Painter: net.Painter{Arch: net.E}, AULoss: "l1", CriticAU: 10,
	}, WGANGP, Weights{Adversarial: 1, AU: 10, Identity: 10}),
}

// reference completes an experiment by what all have in common.
func reference(name, about string, p Preset, a Adversary, w Weights) Preset {
	p.Name, p.About = name, about
	p.TwoHeads = net.TwoHeads{Arch: p.Painter.Arch, Normal: p.Painter.Normal}
	p.Phases = []Phase{{Name: "train", Share: 1, Adversary: a, Weights: w}}
	p.Rate, p.Beta1, p.Beta2, p.Penalty = 2e-4, .5, .999, 10
	p.Epochs, p.Plain, p.InTurn = 170, true, true
	p.CriticPerStep = 1
	if a == WGANGP {
		p.CriticPerStep = 5
	}
	if p.Batch == 0 {
		p.Batch = 32
	}
	return p
}
