// Package bench measures what a machine makes of Mien's work: convolutions,
// training steps, edited frames.
package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"mien/native/internal/train"
	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/device/cpu/kernel"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Row is one measurement: how long one run took, at best and in the middle of
// several, and what that makes. Peak and peer are measured in turn with it: a
// machine that others use as well is faster in one second than in the next.
type Row struct {
	Name   string
	Ours   Times
	FLOPs  int64 // of one run, a convolution's as if it were direct; 0 where nobody counts them
	Images int   // in one run, 0 where it is no training
	Peak   Times // of as many multiply-adds between registers; zero where unknown
	Peer   Times // zero without one
	Note   string
}

// Times are the shortest of all runs and the middle one. Ratio is that of the
// time to ours, in the middle turn: both are slow together.
type Times struct {
	Best, Median time.Duration
	Ratio        float64
}

// summary makes Times of the runs of each turn, in turn with ours.
func summary(turns, ours [][]time.Duration) Times {
	if len(turns) == 0 {
		return Times{}
	}
	all := slices.Concat(turns...)
	slices.Sort(all)
	var ratios []float64
	for i := range turns {
		ratios = append(ratios, sum(turns[i])/float64(len(turns[i]))/(sum(ours[i])/float64(len(ours[i]))))
	}
	slices.Sort(ratios)
	return Times{all[0], all[len(all)/2], ratios[len(ratios)/2]}
}

func sum(took []time.Duration) float64 {
	s := 0.
	for _, t := range took {
		s += t.Seconds()
	}
	return s
}

// GFLOPs returns the rate of the best run, in 10^9 operations a second.
func (r Row) GFLOPs() float64 { return float64(r.FLOPs) / r.Ours.Best.Seconds() / 1e9 }

// String is the row of a table.
func (r Row) String() string {
	s := fmt.Sprintf("%-44s %9.2f %9.2f ms", r.Name, ms(r.Ours.Best), ms(r.Ours.Median))
	if r.FLOPs > 0 {
		s += fmt.Sprintf(" %7.1f GFLOP/s", r.GFLOPs())
	}
	if r.Peak.Best > 0 {
		s += fmt.Sprintf(" %4.0f%% %4.0f%% of peak", 100*r.Peak.Best.Seconds()/r.Ours.Best.Seconds(), 100*r.Peak.Ratio)
	}
	if r.Images > 0 {
		s += fmt.Sprintf(" %8.1f images/s", float64(r.Images)/r.Ours.Median.Seconds())
	}
	if r.Peer.Best > 0 {
		s += fmt.Sprintf("  peer %9.2f %9.2f ms: x%.2f x%.2f", ms(r.Peer.Best), ms(r.Peer.Median),
			r.Peer.Best.Seconds()/r.Ours.Best.Seconds(), r.Peer.Ratio)
	}
	if r.Note != "" {
		s += "  " + r.Note
	}
	return s
}

// Head is the head of a table of rows.
var Head = fmt.Sprintf("%-44s %9s %9s", "", "best", "median")

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// A measurement takes at least leastTurns turns, and as many as fit enough. Short
// work runs several times a turn: what matters is how fast it is, not how fast
// after another program had the caches.
const (
	leastTurns = 5
	enough     = time.Second
	turn       = 25 * time.Millisecond
	mostBurst  = 4
)

// measure runs f once to warm up, then several times, in turn with the peak of
// the processor and with peer where they are wanted.
func measure(ctx context.Context, r Row, f func() error, peak bool, peer func() (time.Duration, error)) (Row, error) {
	run := func() (time.Duration, error) {
		began := time.Now()
		if err := f(); err != nil {
			return 0, fmt.Errorf("%s: %w", r.Name, err)
		}
		return time.Since(began), nil
	}
	took, err := run()
	if err != nil {
		return r, err
	}
	burst := min(max(1, int(turn/took)), mostBurst)
	several := func(run func() (time.Duration, error)) (runs []time.Duration, err error) {
		for range burst {
			took, err := run()
			if err != nil {
				return nil, err
			}
			runs = append(runs, took)
		}
		return runs, nil
	}
	var ours, peaks, peers [][]time.Duration
	for spent := 0.; len(ours) < leastTurns || spent < enough.Seconds(); spent += sum(ours[len(ours)-1]) {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if peak {
			if took, flops := registers(); flops > 0 {
				peaks = append(peaks, []time.Duration{time.Duration(float64(took) * float64(r.FLOPs) / float64(flops))})
			}
		}
		runs, err := several(run)
		if err != nil {
			return r, err
		}
		ours = append(ours, runs)
		if peer == nil {
			continue
		}
		if runs, err = several(peer); err != nil {
			return r, err
		}
		peers = append(peers, runs)
	}
	r.Ours, r.Peak, r.Peer = summary(ours, ours), summary(peaks, ours), summary(peers, ours)
	return r, nil
}

// registers runs multiply-adds between registers on all processors.
func registers() (time.Duration, int64) {
	flops := make([]int64, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	began := time.Now()
	for i := range flops {
		wait.Go(func() { flops[i] = kernel.Peak() })
	}
	wait.Wait()
	took, all := time.Since(began), int64(0)
	for _, n := range flops {
		all += n
	}
	return took, all
}

// Peak measures the processor itself: its fastest multiply-adds, on all cores,
// in 10^9 operations a second; 0 where the kernel is in Go.
func Peak() float64 {
	best := 0.
	for range 20 {
		if took, flops := registers(); flops > 0 {
			best = max(best, float64(flops)/took.Seconds()/1e9)
		}
	}
	return best
}

// ConvShape is a convolution of Batch square pictures.
type ConvShape struct{ Batch, Side, In, Out, Kernel, Stride int }

// ConvShapes are those that kernels are compared by.
var ConvShapes = []ConvShape{{8, 32, 128, 128, 3, 1}, {8, 64, 64, 128, 4, 2}}

// Rivals are what a device is compared with.
type Rivals struct {
	Peak bool  // the processor's own, where d is the processor
	Peer *Peer // or nil
}

// Convolutions measures a convolution and both its gradients on d.
func Convolutions(ctx context.Context, d device.Device, s ConvShape, rivals Rivals, report func(Row)) error {
	x := tensor.Shape{s.Batch, s.Side, s.Side, s.In}
	w := tensor.Shape{s.Kernel, s.Kernel, s.In, s.Out}
	y := tensor.Shape{s.Batch, s.Side / s.Stride, s.Side / s.Stride, s.Out}
	for _, c := range []struct {
		what string
		step plan.Step
		in   [2]tensor.Shape
		out  tensor.Shape
	}{
		{"forward", plan.Step{Kind: plan.Conv, Ints: []int{s.Stride, 1}}, [2]tensor.Shape{x, w}, y},
		{"input gradient", plan.Step{Kind: plan.ConvInput, Ints: []int{s.Stride, 1, s.Side, s.Side}}, [2]tensor.Shape{y, w}, x},
		{"weight gradient", plan.Step{Kind: plan.ConvWeight, Ints: []int{s.Stride, 1, s.Kernel, s.Kernel}}, [2]tensor.Shape{x, y}, w},
	} {
		c.step.In, c.step.Out = []int{0, 1}, []int{2}
		p := &plan.Plan{Version: plan.Version, Steps: []plan.Step{c.step}, Outputs: []plan.Output{{Name: "out", Value: 2}}, Values: []plan.Value{
			{Name: "a", Role: plan.Input, Shape: c.in[0]}, {Name: "b", Role: plan.Input, Shape: c.in[1]}, {Role: plan.Temp, Shape: c.out},
		}}
		program, err := d.Compile(p)
		if err != nil {
			return err
		}
		for i, name := range []string{"a", "b"} {
			r, data := tensor.NewRand(1, 1, 0, uint64(i)), make([]float32, c.in[i].Numel())
			for j := range data {
				data[j] = r.Range(-1, 1)
			}
			if err := program.Write(name, data); err != nil {
				return err
			}
		}
		name := fmt.Sprintf("conv %dx%d/%d %d to %d at %d, %s", s.Kernel, s.Kernel, s.Stride, s.In, s.Out, s.Side, c.what)
		word, _, _ := strings.Cut(c.what, " ")
		rival, err := rivals.Peer.prepare("conv", word, s.Batch, s.Side, s.In, s.Out, s.Kernel, s.Stride)
		if err != nil {
			return err
		}
		row, err := measure(ctx, Row{Name: name, FLOPs: p.FLOPs()}, func() error { return run(ctx, program) }, rivals.Peak, rival)
		if err != nil {
			return err
		}
		report(row)
		if err := program.Close(); err != nil {
			return err
		}
	}
	return nil
}

// run runs a program to its end: on a GPU Run alone only submits.
func run(ctx context.Context, p device.Program) error {
	if err := p.Run(ctx); err != nil {
		return err
	}
	if w, ok := p.(interface{ Wait() error }); ok {
		return w.Wait()
	}
	return nil
}

// Training measures whole training steps of a preset on d, critic and generator,
// on batch faces; 0 takes the preset's number. The peer knows e8 alone.
func Training(ctx context.Context, d device.Device, preset string, batch int, rivals Rivals, report func(Row)) error {
	drill, err := train.NewDrill(ctx, d, preset, batch)
	if err != nil {
		return err
	}
	defer drill.Close()
	var rival func() (time.Duration, error)
	if preset == "e8" {
		if rival, err = rivals.Peer.prepare(preset, drill.Images()); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("training step, preset %s, batch %d", preset, drill.Images())
	row, err := measure(ctx, Row{Name: name, FLOPs: drill.FLOPs(), Images: drill.Images()},
		func() error { return drill.Run(ctx) }, false, rival)
	if err != nil {
		return err
	}
	if n, took := drill.Encoding(); n > 0 {
		row.Note = fmt.Sprintf("%d dispatches encoded in %.2f ms, %.1f%% of the step", n, ms(took), 100*took.Seconds()/row.Ours.Median.Seconds())
	}
	report(row)
	return nil
}

// Frame measures one field of the generator in f on d.
func Frame(ctx context.Context, d device.Device, f *model.File, report func(Row)) error {
	g, err := model.LoadGenerator(f, d)
	if err != nil {
		return err
	}
	defer g.Close()
	p, err := f.Plan()
	if err != nil {
		return err
	}
	photo := tensor.New(1, g.Size(), g.Size(), 3)
	name := fmt.Sprintf("edited frame, generator %s, %dx%d", g.Info().Preset, g.Size(), g.Size())
	row, err := measure(ctx, Row{Name: name, FLOPs: p.FLOPs()}, func() error {
		_, err := g.Field(ctx, photo, au.Vector{}, au.Vector{8: 3})
		return err
	}, false, nil)
	if err != nil {
		return err
	}
	report(row)
	return nil
}
