package synth

import "math"

// smooth returns a curve through points (Catmull-Rom, ends repeated).
func smooth(p []point) []point {
	const steps = 4
	out := make([]point, 0, steps*len(p))
	for i := 0; i+1 < len(p); i++ {
		a, b, d, e := p[max(i-1, 0)], p[i], p[i+1], p[min(i+2, len(p)-1)]
		for s := range steps {
			t := float32(s) / steps
			var q point
			for k := range q {
				q[k] = b[k] + t/2*(d[k]-a[k]+t*(2*a[k]-5*b[k]+4*d[k]-e[k]+t*(3*(b[k]-d[k])+e[k]-a[k])))
			}
			out = append(out, q)
		}
	}
	return append(out, p[len(p)-1])
}

// loop joins an upper and a lower line that meet in two corners.
func loop(upper, lower []point) []point { return append(smooth(upper), smooth(lower)...) }

// ribbon is the outline of a line with a width.
func ribbon(line []point, width float32, taper bool) []point {
	n := len(line)
	out := make([]point, 2*n)
	for i, p := range line {
		a, b := line[max(i-1, 0)], line[min(i+1, n-1)]
		dx, dy := b[0]-a[0], b[1]-a[1]
		l := float32(math.Sqrt(float64(dx*dx+dy*dy))) + 1e-6
		w := width / 2
		if taper {
			t := 2*float32(i)/float32(n-1) - 1
			w *= 1 - t*t*t*t
		}
		out[i] = point{p[0] - dy/l*w, p[1] + dx/l*w}
		out[2*n-1-i] = point{p[0] + dy/l*w, p[1] - dx/l*w}
	}
	return out
}

// oval is an ellipse as a polygon.
func oval(at point, rx, ry float32) []point {
	const n = 24
	out := make([]point, n)
	for i := range out {
		s, c := math.Sincos(2 * math.Pi * float64(i) / n)
		out[i] = point{at[0] + rx*float32(c), at[1] + ry*float32(s)}
	}
	return out
}

func between(a, b point, t float32) point {
	return point{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t}
}

func (p point) add(dx, dy float32) point { return point{p[0] + dx, p[1] + dy} }
