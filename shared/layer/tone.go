package layer

import "math"

// tone is what colours a photo has: in one without, black and white or toned,
// each lightness has one colour.
type tone struct {
	curve  [2][3]float64 // red and blue less luminance, by 1, y and y squared of luminance y, 0 to 1
	colour float64       // 0 where the photo has none, 1 where it has
}

// Root mean square distances from a photo's one colour a lightness, 0 to 1, of
// photos that have no colours and that have them.
const (
	toned    = .008
	coloured = .022
	toneGrid = 48 // samples a side
)

// measureTone looks at the face and what is around it.
func (f *Face) measureTone() tone {
	c := mean(f.at[:])
	var ys []float64
	var off [2][]float64
	for j := range toneGrid {
		for i := range toneGrid {
			k := f.width * 1.6 / toneGrid
			p := c.add(point{(float64(i) - toneGrid/2) * k, (float64(j) - toneGrid/2) * k})
			v := sample(f.photo, p[0], p[1])
			y := luminance(v)
			ys = append(ys, float64(y)/255)
			off[0], off[1] = append(off[0], float64(v[0]-y)/255), append(off[1], float64(v[2]-y)/255)
		}
	}
	var t tone
	var sum float64
	for k := range off {
		var m [4][5]float64
		for i, y := range ys {
			a := [3]float64{1, y, y * y}
			for r := range a {
				for q := range a {
					m[r][q] += a[r] * a[q]
				}
				m[r][4] += a[r] * off[k][i]
			}
		}
		for r := range 4 {
			m[r][r] += 1e-6
		}
		x := solve(m)
		copy(t.curve[k][:], x[:3])
		for i, y := range ys {
			d := off[k][i] - t.at(k, y)
			sum += d * d
		}
	}
	t.colour = smooth(math.Sqrt(sum/float64(len(ys))), toned, coloured)
	return t
}

func (t *tone) at(k int, y float64) float64 {
	return t.curve[k][0] + y*(t.curve[k][1]+y*t.curve[k][2])
}

// of returns a painted colour, 0 to 255, as the photo would have it.
func (t *tone) of(c [3]float32) [3]float32 {
	y := luminance(c)
	r, b := y+255*float32(t.at(0, float64(y)/255)), y+255*float32(t.at(1, float64(y)/255))
	own := [3]float32{r, (y - .299*r - .114*b) / .587, b}
	for i := range own {
		own[i] = min(max(own[i]+float32(t.colour)*(c[i]-own[i]), 0), 255)
	}
	return own
}
