package train

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"mien/native/internal/dataset"
	"mien/native/internal/net"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
)

// TestVariantsChangeThePreset tables what each override makes of preset mien.
func TestVariantsChangeThePreset(t *testing.T) {
	four, five := 4., 5.
	for name, c := range map[string]struct {
		o    Override
		want func(p Preset, refine Phase) bool
	}{
		"lambda au":  {Override{LambdaAU: &four}, func(p Preset, f Phase) bool { return f.Weights.AU == 4 && p.CriticAU == 1 }},
		"lambda cl":  {Override{LambdaCL: &four}, func(p Preset, f Phase) bool { return f.Weights.AU == 4 && p.CriticAU == 4 }},
		"wgan-gp":    {Override{Loss: WGANGP}, func(p Preset, f Phase) bool { return f.Adversary == WGANGP && p.Penalty == 10 && !p.Critic.Spectral }},
		"penalty":    {Override{Loss: WGANGP, Penalty: &five}, func(p Preset, f Phase) bool { return p.Penalty == 5 }},
		"r1 penalty": {Override{Penalty: &five}, func(p Preset, f Phase) bool { return p.Penalty == 5 && p.Critic.Spectral }},
		"warp": {Override{Parts: net.Warp}, func(p Preset, f Phase) bool {
			return p.Generator.Parts == net.Warp && f.Weights.Field == 0 && f.Weights.Tint == 0 && f.Weights.Motion > 0
		}},
		"paint": {Override{Parts: net.Paint}, func(p Preset, f Phase) bool {
			return f.Weights.Motion == 0 && f.Weights.Field == 0 && f.Weights.Colour > 0
		}},
		"absolute": {Override{Absolute: true}, func(p Preset, f Phase) bool { return p.Generator.Absolute }},
		"raw":      {Override{Raw: true}, func(p Preset, f Phase) bool { return p.Raw && !p.Plain }},
		"labels":   {Override{Labels: "presence"}, func(p Preset, f Phase) bool { return p.Labels == dataset.Presence && p.intensity() == 2 }},
	} {
		p, err := Find("mien")
		if err != nil {
			t.Fatal(err)
		}
		if p, err = c.o.apply(p); err != nil || !c.want(p, p.Phases[1]) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	for want, c := range map[string]struct {
		preset string
		o      Override
	}{
		`parts "nose": unknown, know paint, warp`:         {"mien", Override{Parts: "nose"}},
		`labels "x": unknown, know intensity, presence`:   {"mien", Override{Labels: "x"}},
		`lambda au -4: want 0 to 10000`:                   {"mien", Override{LambdaAU: new(float64)}},
		`preset "e8" paints whole faces`:                  {"e8", Override{Absolute: true}},
		`preset "reader" only looks at faces`:             {"reader", Override{Raw: true}},
		`preset "judge" only looks at faces: it has no`:   {"judge", Override{Labels: "presence"}},
		`preset "e2" paints whole faces by absolute targ`: {"e2", Override{Parts: net.Warp}},
	} {
		if c.o.LambdaAU != nil {
			*c.o.LambdaAU = -4
		}
		p, err := Find(c.preset)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.o.apply(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %s", err, want)
		}
	}
}

// TestVariantsTrain runs each variant through both phases and loads what it
// wrote.
func TestVariantsTrain(t *testing.T) {
	for name, o := range map[string]Override{
		"absolute": {Absolute: true}, "warp": {Parts: net.Warp}, "paint": {Parts: net.Paint}, "raw": {Raw: true}, "presence": {Labels: "presence"},
		"wgan-gp": {Loss: WGANGP, DGRatio: 2}, "attention": {Attention: true},
	} {
		c := small(t.TempDir())
		c.Override, c.Steps = o, 4
		r := mustRun(t, c)
		f, _, err := load(r.Weights)
		if err != nil {
			t.Fatal(err)
		}
		gen, err := model.LoadGenerator(f, cpu.New())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out, err := gen.Field(context.Background(), tensor.New(1, 32, 32, 3), [17]float32{}, [17]float32{8: 3})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		gen.Close()
		if empty := zero(out.Warp); empty != (o.Parts == net.Paint) {
			t.Errorf("%s: the warp is empty: %v", name, empty)
		}
		if empty := zero(out.Mask); empty != (o.Parts == net.Warp) {
			t.Errorf("%s: the mask is empty: %v", name, empty)
		}
	}
}

// TestRawIsNotTheAverage wants a run without average to take the same steps and
// to write other weights.
func TestRawIsNotTheAverage(t *testing.T) {
	sums := map[bool]string{}
	for _, raw := range []bool{false, true} {
		c := small(t.TempDir())
		c.Raw = raw
		sums[raw] = mustRun(t, c).SHA256
	}
	if sums[true] == sums[false] {
		t.Error("raw weights are the averaged ones")
	}
}

// TestPresenceAsksForAllOrNothing draws what a generator is asked on binary
// labels: an Action Unit is there, by 2, or it is not.
func TestPresenceAsksForAllOrNothing(t *testing.T) {
	p, err := Find("tiny")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = (Override{Labels: "presence"}).apply(p); err != nil {
		t.Fatal(err)
	}
	c := small(t.TempDir())
	source, err := openSource(context.Background(), c, p.Size(), p.Labels)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for step := range 10 {
		faces, err := newPicker(source, 1, p).faces(step, 8)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faces {
			for k := range f.own {
				shall := f.own[k] + f.change[k]
				if f.own[k] != 0 && f.own[k] != 2 || shall != 0 && shall != 2 {
					t.Fatalf("shows %g, shall show %g: want 0 or 2", f.own[k], shall)
				}
				if f.change[k] != 0 {
					asked++
				}
			}
		}
	}
	if asked == 0 {
		t.Error("nothing is asked")
	}
}

// TestMinutesEndARun wants a run with little time to end in order, and to go on
// when it is given more.
func TestMinutesEndARun(t *testing.T) {
	c := small(t.TempDir())
	c.Steps, c.Minutes = 100, 1e-6 // spent by the first step
	r := mustRun(t, c)
	if r.Step != 1 || filepath.Base(r.Weights) != "step-000001.safetensors" {
		t.Fatalf("ended at step %d with %q, want 1", r.Step, r.Weights)
	}
	c.Resume = true
	if r = mustRun(t, c); r.Step != 0 { // spent already
		t.Errorf("went on to step %d", r.Step)
	}
	c.Minutes, c.Steps = 100, 3
	if r = mustRun(t, c); r.Step != 3 {
		t.Errorf("went on to step %d, want 3", r.Step)
	}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		c.Minutes = bad
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "minutes") {
			t.Errorf("%g minutes: %v", bad, err)
		}
	}
}

func zero(x []float32) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}
