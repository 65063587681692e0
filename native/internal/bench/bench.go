// Package bench measures what a machine makes of Mien's work: convolutions,
// training steps, edited frames.
package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mien/native/internal/train"
	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Row is one measurement: how long one run took, at best and in the middle of
// several, and what that makes.
type Row struct {
	Name         string
	Best, Median time.Duration
	FLOPs        int64 // of one run, 0 where nobody counts them
	Images       int   // in one run, 0 where it is no training
	Note         string
}

// GFLOPs returns the rate of the best run, in 10^9 operations a second.
func (r Row) GFLOPs() float64 { return float64(r.FLOPs) / r.Best.Seconds() / 1e9 }

// String is the row of a table.
func (r Row) String() string {
	s := fmt.Sprintf("%-44s %9.2f ms %9.2f ms", r.Name, ms(r.Best), ms(r.Median))
	if r.FLOPs > 0 {
		s += fmt.Sprintf(" %7.1f GFLOP/s", r.GFLOPs())
	}
	if r.Images > 0 {
		s += fmt.Sprintf(" %8.1f images/s", float64(r.Images)/r.Median.Seconds())
	}
	if r.Note != "" {
		s += "  " + r.Note
	}
	return s
}

// Head is the head of a table of rows.
var Head = fmt.Sprintf("%-44s %12s %12s", "", "best", "median")

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// Rounds of a measurement: at least leastRounds, and as many as fit enough.
const (
	leastRounds = 5
	enough      = time.Second
)

// measure runs f once to warm up, then several times.
func measure(ctx context.Context, r Row, f func() error) (Row, error) {
	if err := f(); err != nil {
		return r, fmt.Errorf("%s: %w", r.Name, err)
	}
	var took []time.Duration
	for end := time.Now().Add(enough); len(took) < leastRounds || time.Now().Before(end); {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		began := time.Now()
		if err := f(); err != nil {
			return r, fmt.Errorf("%s: %w", r.Name, err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	r.Best, r.Median = took[0], took[len(took)/2]
	return r, nil
}

// ConvShape is a convolution of Batch square pictures.
type ConvShape struct{ Batch, Side, In, Out, Kernel, Stride int }

// ConvShapes are those that kernels are compared by.
var ConvShapes = []ConvShape{{8, 32, 128, 128, 3, 1}, {8, 64, 64, 128, 4, 2}}

// Convolutions measures a convolution and both its gradients on d.
func Convolutions(ctx context.Context, d device.Device, s ConvShape, report func(Row)) error {
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
		row, err := measure(ctx, Row{Name: name, FLOPs: p.FLOPs()}, func() error { return run(ctx, program) })
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

// Training measures whole training steps of a preset on d, on batch faces; 0
// takes the preset's number.
func Training(ctx context.Context, d device.Device, preset string, batch int, report func(Row)) error {
	drill, err := train.NewDrill(ctx, d, preset, batch)
	if err != nil {
		return err
	}
	defer drill.Close()
	row, err := measure(ctx, Row{Name: fmt.Sprintf("training step, preset %s, batch %d", preset, drill.Images()), FLOPs: drill.FLOPs(), Images: drill.Images()},
		func() error { return drill.Run(ctx) })
	if err != nil {
		return err
	}
	if n, took := drill.Encoding(); n > 0 {
		row.Note = fmt.Sprintf("%d dispatches encoded in %.2f ms, %.1f%% of the step", n, ms(took), 100*took.Seconds()/row.Median.Seconds())
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
	})
	if err != nil {
		return err
	}
	report(row)
	return nil
}
