package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mien/native/internal/dataset"
	"mien/native/internal/net"
)

// Override changes a preset's recipe; what is empty or nil stays the preset's.
type Override struct {
	Loss      Adversary `json:"loss,omitempty"`
	AULoss    string    `json:"au_loss,omitempty"`
	LambdaCL  *float64  `json:"lambda_cl,omitempty"`  // weight of the AU losses of critic and generator
	LambdaAU  *float64  `json:"lambda_au,omitempty"`  // weight of the generator's AU loss alone
	LambdaCyc *float64  `json:"lambda_cyc,omitempty"` // weight of the reconstruction; where that holds by construction, of the cycle
	Cycle     *float64  `json:"cycle,omitempty"`      // weight of the true cycle, edited and edited back
	DGRatio   int       `json:"d_g_ratio,omitempty"`  // critic steps a generator step
	Rate      *float64  `json:"rate,omitempty"`       // Adam's
	Beta1     *float64  `json:"beta1,omitempty"`
	Beta2     *float64  `json:"beta2,omitempty"`
	Attention bool      `json:"attention,omitempty"` // a self-attention block in generator and critic
	Penalty   *float64  `json:"penalty,omitempty"`   // weight of R1 or the gradient penalty
	Parts     net.Parts `json:"parts,omitempty"`     // of the generator's field; the others stay empty
	Absolute  bool      `json:"absolute,omitempty"`  // the generator is told what a face shall show, not the change
	Raw       bool      `json:"raw,omitempty"`       // ship the weights themselves, not their average
	Labels    string    `json:"labels,omitempty"`    // "intensity" or "presence"
}

// String is the change as JSON, to compare by.
func (o Override) String() string {
	b, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Bounds of an override.
const (
	maxLambda  = 1e4
	maxRate    = 1
	maxDGRatio = 100
)

// apply returns p with the changes.
func (o Override) apply(p Preset) (Preset, error) {
	if o == (Override{}) {
		return p, nil
	}
	for _, v := range []struct {
		name   string
		value  *float64
		lo, hi float64
	}{
		{"lambda cl", o.LambdaCL, 0, maxLambda}, {"lambda au", o.LambdaAU, 0, maxLambda}, {"penalty", o.Penalty, 0, maxLambda}, {"lambda cyc", o.LambdaCyc, 0, maxLambda}, {"cycle", o.Cycle, 0, maxLambda},
		{"rate", o.Rate, 1e-12, maxRate}, {"beta 1", o.Beta1, 0, .99999}, {"beta 2", o.Beta2, 0, .9999999},
	} {
		if v.value != nil && !(*v.value >= v.lo && *v.value <= v.hi) {
			return p, fmt.Errorf("%s %g: want %g to %g", v.name, *v.value, v.lo, v.hi)
		}
	}
	if o.DGRatio < 0 || o.DGRatio > maxDGRatio {
		return p, fmt.Errorf("d/g ratio %d: want 1 to %d", o.DGRatio, maxDGRatio)
	}
	if _, ok := adversaries[o.Loss]; o.Loss != "" && !ok {
		return p, fmt.Errorf("loss %q: unknown, know %s", o.Loss, known(adversaries))
	}
	if _, ok := auLosses[o.AULoss]; o.AULoss != "" && !ok {
		return p, fmt.Errorf("AU loss %q: unknown, know %s", o.AULoss, known(auLosses))
	}
	if !slices.Contains([]net.Parts{net.Both, net.Warp, net.Paint}, o.Parts) {
		return p, fmt.Errorf("parts %q: unknown, know %s, %s", o.Parts, net.Paint, net.Warp)
	}
	columns, ok := labels[o.Labels]
	if o.Labels != "" && !ok {
		return p, fmt.Errorf("labels %q: unknown, know %s", o.Labels, known(labels))
	}
	set(&p.Rate, o.Rate)
	set(&p.Beta1, o.Beta1)
	set(&p.Beta2, o.Beta2)
	if p.Looks() || p.Fills() {
		o.Rate, o.Beta1, o.Beta2 = nil, nil, nil
		if o != (Override{}) {
			if p.Fills() {
				return p, fmt.Errorf("preset %q only fills mouths: rate and betas are all that can be changed", p.Name)
			}
			return p, fmt.Errorf("preset %q only looks at faces: it has no critic, cycle or attention to change", p.Name)
		}
		return p, nil
	}
	if p.Paints() && (o.Parts != net.Both || o.Absolute || o.Raw) {
		return p, fmt.Errorf("preset %q paints whole faces by absolute targets and keeps no average: parts, absolute and raw are for %q and its like", p.Name, "mien")
	}
	p.Generator.Parts, p.Generator.Absolute, p.Raw = o.Parts, o.Absolute, o.Raw
	if o.Labels != "" {
		p.Labels = columns
	}
	if o.AULoss != "" {
		p.AULoss = o.AULoss
	}
	if o.DGRatio > 0 {
		p.CriticPerStep = o.DGRatio
	}
	set(&p.CriticAU, o.LambdaCL)
	if o.Attention {
		p.Generator.Attention, p.Critic.Attention, p.Painter.Attention, p.TwoHeads.Attention = true, true, true, true
	}
	switch o.Loss {
	case WGANGP:
		p.Penalty = gradientPenaltyWeight
		fallthrough
	case WGAN:
		p.Critic.Spectral = false // one bound of the critic's slope is enough
	}
	set(&p.Penalty, o.Penalty)
	p.Phases = slices.Clone(p.Phases)
	for i := range p.Phases {
		f := &p.Phases[i]
		if o.Loss != "" && f.Adversary != NoAdversary {
			f.Adversary = o.Loss
		}
		set(&f.Weights.Cycle, o.Cycle)
		if f.Adversary != NoAdversary {
			set(&f.Weights.AU, o.LambdaCL)
			set(&f.Weights.AU, o.LambdaAU)
		}
		switch o.Parts { // a price on what stays empty would teach nothing
		case net.Warp:
			f.Weights.Field, f.Weights.Colour, f.Weights.Shade, f.Weights.Tint, f.Weights.Mask, f.Weights.Paint = 0, 0, 0, 0, 0, 0
		case net.Paint:
			f.Weights.Motion, f.Weights.Variation, f.Weights.Bend = 0, 0, 0
			if f.Weights.Field > 0 { // the teacher's shade lacks what its warp does
				f.Weights = f.Weights.fieldless()
				f.Weights.Teacher, f.Weights.Colour, f.Weights.Floor = 40, 40, .2
			}
		}
		if p.Paints() {
			set(&f.Weights.Identity, o.LambdaCyc)
		} else if o.Cycle == nil {
			set(&f.Weights.Cycle, o.LambdaCyc)
		}
	}
	return p, nil
}

// labels are the names that Override.Labels takes.
var labels = map[string]dataset.Columns{"intensity": dataset.Intensity, "presence": dataset.Presence}

// gradientPenaltyWeight is what Gulrajani et al. (2017) use throughout.
const gradientPenaltyWeight = 10

// set takes a value that was given.
func set(to, value *float64) {
	if value != nil {
		*to = *value
	}
}

// Adversaries lists the names that Override.Loss takes.
func Adversaries() string { return known(adversaries) }

// AULosses lists the names that Override.AULoss takes.
func AULosses() string { return known(auLosses) }

// known lists the names of a table.
func known[K ~string, V any](table map[K]V) string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(table)) {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}
