package layer

import (
	"fmt"
	"math"

	"mien/shared/face"
)

// LightSize is the side of the map of the skin's light, in the face's frame.
const LightSize = 128

// Unlit is the value of Scene.Light where the skin keeps the photo's light. A
// value v multiplies what the photo shows by v/Unlit.
const Unlit = 1 << 15

// gains returns the factors that a scene's light stands for.
func gains(light []uint16) []float32 {
	g := make([]float32, LightSize*LightSize)
	for i := range g {
		g[i] = 1
		if light != nil {
			g[i] = float32(light[i]) / Unlit
		}
	}
	return g
}

// gainAt reads factors at a place in the frame, where sample i lies at i:
// bilinearly, the border continued.
func gainAt(gain []float32, u, v float64) float32 {
	u, v = min(max(u, 0), LightSize-1), min(max(v, 0), LightSize-1)
	x, y := min(int(u), LightSize-2), min(int(v), LightSize-2)
	fx, fy := float32(u)-float32(x), float32(v)-float32(y)
	r, q := gain[y*LightSize+x:][:2], gain[(y+1)*LightSize+x:][:2]
	top, low := r[0]+fx*(r[1]-r[0]), q[0]+fx*(q[1]-q[0])
	return top + fy*(low-top)
}

// blur smooths a map of the frame: a Gaussian of sigma samples, beyond the
// border the border continues.
func blur(m []float32, sigma float64) []float32 {
	r := int(math.Ceil(3 * sigma))
	w := make([]float32, 2*r+1)
	var sum float32
	for i := range w {
		w[i] = float32(math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma)))
		sum += w[i]
	}
	pass := func(dst, src []float32, step, along int) {
		for i := range src {
			at := i / step % along
			var v float32
			for k, wk := range w {
				v += wk * src[i+(min(max(at+k-r, 0), along-1)-at)*step]
			}
			dst[i] = v / sum
		}
	}
	a, b := make([]float32, len(m)), make([]float32, len(m))
	pass(a, m, 1, LightSize)
	pass(b, a, LightSize, LightSize)
	return b
}

// Carry returns a map [LightSize LightSize] of another flat frame of faces in
// this one: at says where the mesh's points lie in it, in pixels where pixel i
// covers [i, i+1). It is 0 outside the face.
func Carry(m []float32, at *[face.SkinPoints][2]float32) []float32 {
	if len(m) != LightSize*LightSize {
		panic(fmt.Sprintf("layer: carry a map of %d values, want %d", len(m), LightSize*LightSize))
	}
	xs := spread(func(v int) float64 { return float64(at[v][0]) - .5 })
	ys := spread(func(v int) float64 { return float64(at[v][1]) - .5 })
	out := make([]float32, len(m))
	for i := range out {
		if xs[i] == xs[i] {
			out[i] = gainAt(m, float64(xs[i]), float64(ys[i]))
		}
	}
	return out
}
