package prior

import "mien/shared/model"

// A mouth that opens shows what no warp of closed lips can: a dark inside and,
// under the upper lip, teeth.
const (
	shut      = 1.2 // opening of a mouth that is closed as landmarks have it, in pixels of the 128 x 128 crop
	edge      = .8  // half the width of the paint's soft edge, likewise
	mostTeeth = 9   // height of the teeth, likewise
	partTeeth = .9  // of the opening
	toothless = .75 // of the way from the middle to a corner; beyond it is dark
)

// darkness is the colour deep inside a mouth, as parts of the skin's.
var darkness = [3]float32{.3, .16, .15}

// Teeth are a little lighter than the skin of the cheeks, and warmer than white: .03
// lighter than half way from ivory to the line through the lightest third inside of 564
// open mouths, in six groups by the light of the cheeks. On that line itself a generator
// is read as opening the mouth less, at half way as well (AU25).
var (
	teethRest = [3]float32{.38, .32, .27}
	teethLit  = [3]float32{.79, .78, .77} // per light of the skin
)

// paintMouth covers the inside of lips that the move from l to moved opens with
// dark and teeth. A mouth that was open already keeps its own inside, which the
// warp stretches.
func paintMouth(o *model.Output, x []float32, size int, l, moved Landmarks) {
	was, now := max(opening(l)-shut, 0), max(opening(moved)-shut, 0)
	amount := min(max((now-was-.3)/1.5, 0), 1) * min(max((.4-was/max(now, .01))/.2, 0), 1)
	if amount == 0 {
		return
	}
	skin := cheeks(x, size, l)
	bright := (skin[0] + skin[1] + skin[2]) / 3
	corner, other := moved[60][0], moved[64][0]
	if other-corner < 1 {
		return // turned to a profile
	}
	for i := range o.Mask {
		px, py := float32(centre(i%o.Size, o.Size))*64+63.5, float32(centre(i/o.Size, o.Size))*64+63.5
		t := (px - corner) / (other - corner)
		if t <= 0 || t >= 1 {
			continue
		}
		up, low := along(moved[60:65], px), along([]point{moved[60], moved[67], moved[66], moved[65], moved[64]}, px)
		m := amount * ramp((py-up)/edge) * ramp((low-py)/edge)
		if m == 0 {
			continue
		}
		gap := low - up
		teeth := .95 * ramp((min(partTeeth*gap, mostTeeth)-(py-up))/edge) * min(gap/3, 1)
		off := max(2*t-1, 1-2*t)
		shadow := 1 - .4*off*off // the cheeks' shadow towards the corners
		teeth *= ramp((toothless - off) / .15)
		o.Mask[i] = m
		for c := range 3 {
			dark := darkness[c] * skin[c]
			white := min(teethRest[c]+teethLit[c]*bright, 1) * shadow
			o.Colour[3*i+c] = 2*(dark+(white-dark)*teeth*shadow) - 1
		}
	}
}

type point = [2]float32

// opening is the mean distance of the inner lips, in pixels of the crop.
func opening(l Landmarks) float32 {
	return (l[67][1] - l[61][1] + l[66][1] - l[62][1] + l[65][1] - l[63][1]) / 3
}

// along is the height of a line from left to right at x.
func along(line []point, x float32) float32 {
	for i := 1; i < len(line); i++ {
		if a, b := line[i-1], line[i]; x < b[0] || i == len(line)-1 {
			t := min(max((x-a[0])/max(b[0]-a[0], .01), 0), 1)
			return a[1] + (b[1]-a[1])*t
		}
	}
	return line[0][1]
}

// ramp goes from 0 at -1 to 1 at 1, smoothly.
func ramp(x float32) float32 {
	t := min(max((x+1)/2, 0), 1)
	return t * t * (3 - 2*t)
}

// cheeks is the colour of the skin halfway from eyes to mouth, 0 to 1.
func cheeks(x []float32, size int, l Landmarks) (skin [3]float32) {
	var v [3]float32
	for _, pair := range [2][2]int{{41, 48}, {46, 54}} {
		a, b := l[pair[0]], l[pair[1]]
		sample(x, size, 3, ((a[0]+b[0])/2+.5)/64-1, ((a[1]+b[1])/2+.5)/64-1, v[:])
		for c := range v {
			skin[c] += (v[c] + 1) / 4
		}
	}
	return skin
}
