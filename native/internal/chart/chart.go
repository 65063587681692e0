// Package chart draws what a training run shows a person, as PNGs.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Line is one curve: y over x, both of one length.
type Line struct {
	Name string
	X, Y []float64
}

// colours tell lines and bars apart, the page's own.
var colours = []color.Color{
	color.NRGBA{0x2b, 0x6e, 0x6a, 255}, color.NRGBA{0xc2, 0x57, 0x2c, 255}, color.NRGBA{0x6a, 0x5a, 0xcd, 255},
	color.NRGBA{0xb0, 0x89, 0x00, 255}, color.NRGBA{0x3a, 0x7b, 0xd5, 255}, color.NRGBA{0xa3, 0x37, 0x2b, 255},
}

const (
	width  = 9 * vg.Inch
	height = 4 * vg.Inch
)

// outliers is the part of all values, at each end, that may lie beyond the
// frame of Curves, so that a few wild steps do not flatten the rest.
const outliers = .03

// Curves draws lines over one another. Empty lines are left out; without any
// point the result is an empty frame.
func Curves(title, x, y string, lines []Line) ([]byte, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Legend.Top = true
	var all []float64
	for i, l := range lines {
		if len(l.X) != len(l.Y) {
			return nil, fmt.Errorf("draw %q: line %q has %d places and %d values", title, l.Name, len(l.X), len(l.Y))
		}
		if len(l.X) == 0 {
			continue
		}
		points := make(plotter.XYs, len(l.X))
		for k := range points {
			points[k] = plotter.XY{X: l.X[k], Y: l.Y[k]}
		}
		drawn, err := plotter.NewLine(points)
		if err != nil {
			return nil, fmt.Errorf("draw %q: line %q: %w", title, l.Name, err)
		}
		drawn.Color = colours[i%len(colours)]
		p.Add(drawn)
		p.Legend.Add(l.Name, drawn)
		all = append(all, l.Y...)
	}
	if len(all) > 0 {
		slices.Sort(all)
		n := int(outliers * float64(len(all)))
		lo, hi := all[n], all[len(all)-1-n]
		room := max((hi-lo)*.05, 1e-9)
		p.Y.Min, p.Y.Max = lo-room, hi+5*room // the legend stands above
	}
	return encode(p)
}

// Bars draws stacked bars: layers[k][i] is the k-th part, from below, of bar i.
func Bars(title, y string, bars, layers []string, values [][]float64) ([]byte, error) {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text, p.Y.Min = title, y, 0
	p.Legend.Top = true
	var below *plotter.BarChart
	for k, v := range values {
		if len(v) != len(bars) {
			return nil, fmt.Errorf("draw %q: layer %q has %d values for %d bars", title, layers[k], len(v), len(bars))
		}
		b, err := plotter.NewBarChart(plotter.Values(v), .3*vg.Inch)
		if err != nil {
			return nil, fmt.Errorf("draw %q: layer %q: %w", title, layers[k], err)
		}
		b.Color, b.LineStyle.Width = colours[k%len(colours)], 0
		if below != nil {
			b.StackOn(below)
		}
		below = b
		p.Add(b)
		p.Legend.Add(layers[k], b)
	}
	p.NominalX(bars...)
	p.X.Min, p.X.Max, p.Y.Max = -.7, float64(len(bars))-.3, p.Y.Max*1.25
	return encode(p)
}

func encode(p *plot.Plot) ([]byte, error) {
	w, err := p.WriterTo(width, height, "png")
	if err != nil {
		return nil, fmt.Errorf("draw %q: %w", p.Title.Text, err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %q: %w", p.Title.Text, err)
	}
	return b.Bytes(), nil
}
