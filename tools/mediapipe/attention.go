package main

import (
	"fmt"

	"mien/shared/plan"
	"mien/tools/mediapipe/tflite"
)

// transform is what MediaPipe's operator Landmarks2TransformMatrix makes: the
// map from a region's own picture of size x size pixels to the picture that the
// points lie in. The region is the box around some of the points, grown, with
// two of them level (version 2 in mediapipe/util/tflite/operations).
//
// rows is a value [3 2]: how far (x, y) moves from the region's middle to its
// right edge, from its middle to its lower edge, and where its middle lies. So
// a point (u, v) of the region, -1 to 1, lies at (u, v, 1) times rows.
type transform struct {
	rows int
	size int
	// from and to are the units of points in a region, and of points carried out
	// of it, against pixels of the two pictures: both 1 at first.
	from, to float64
}

// far is subtracted from points that a box leaves out. In half precision exact,
// and beyond every point of a picture.
const far = 10000

// custom adds the steps of one of MediaPipe's own operators.
func (n *network) custom(o *tflite.OperatorT) {
	options, err := parseFlex(o.CustomOptions)
	if len(o.CustomOptions) > 0 && err != nil {
		n.fail("%w", err)
		return
	}
	number := func(name string) float64 {
		if len(options[name]) != 1 {
			n.fail("option %q: %v, want one number", name, options[name])
			return 0
		}
		return options[name][0]
	}
	switch code := n.model.Codes[o.Code]; fmt.Sprint(code.Custom, code.Version) {
	case "Landmarks2TransformMatrix2":
		size := int(number("output_width"))
		if number("output_height") != float64(size) || number("target_rotation_radians") != 0 {
			n.fail("a region of %v", options)
		}
		var subset []int
		for _, i := range options["subset_idxs"] {
			subset = append(subset, int(i))
		}
		points := n.value(o.Inputs[0])
		level := [2]int{int(number("left_rotation_idx")), int(number("right_rotation_idx"))}
		rows := n.region(n.reshape(points, n.shape(points)[1], n.shape(points)[2]), level, subset, number("scale_x"), number("scale_y"))
		n.transforms[o.Outputs[0]] = transform{rows, size, 1, 1}
	case "TransformTensorBilinear2":
		t := n.transforms[o.Inputs[1]]
		if number("output_width") != float64(t.size) || number("output_height") != float64(t.size) {
			n.fail("a picture of %v of a region of %d", options, t.size)
		}
		n.put(o.Outputs[0], n.sample(n.value(o.Inputs[0]), t))
	case "TransformLandmarks2":
		n.put(o.Outputs[0], n.carry(n.value(o.Inputs[0]), n.transforms[o.Inputs[1]]))
	default:
		n.fail("custom operator %q of version %d is not known", code.Custom, code.Version)
	}
}

// scaleTransform notes a product of a transform with a matrix [1 4 4]: one number
// for its linear part, another for its shift. Points then have other units.
func (n *network) scaleTransform(o *tflite.OperatorT) {
	t, k := n.transforms[o.Inputs[0]], n.data(o.Inputs[1])
	if len(k) != 16 || k[0] == 0 || k[1] != k[0] || k[4] != k[0] || k[5] != k[0] || k[7] != k[3] {
		n.fail("a transform times %v", k)
		return
	}
	t.from, t.to = t.from*float64(k[3]/k[0]), t.to*float64(k[3])
	n.transforms[o.Outputs[0]] = t
}

// region adds the steps from points [N 3] to the rows of a transform.
func (b *builder) region(points int, level [2]int, subset []int, scaleX, scaleY float64) int {
	count := b.shape(points)[0]
	flat := b.slice(points, 1, 0, 2)
	// The direction between two points, (c, s): that of the region's x axis.
	d := b.step(plan.Sub, nil, nil, b.slice(flat, 0, level[1], level[1]+1), b.slice(flat, 0, level[0], level[0]+1))
	length := b.step(plan.Sqrt, nil, nil, b.affine(b.step(plan.SumTo, []int{1, 1}, nil, b.step(plan.Mul, nil, nil, d, d)), 1, 1e-12))
	e := b.step(plan.Div, nil, nil, d, length)
	// Rows (c, s), (-s, c), (-c, -s), (s, -c): a point's place along the axes, and
	// its negative, so that one maximum gives least and largest.
	axes := b.reshape(b.matmul(e, b.constant("region.axes", []float32{1, 0, 0, 1, -1, 0, 0, -1, 0, 1, -1, 0, 0, -1, 1, 0}, 2, 8)), 4, 2)
	side := 1
	for side*side < count {
		side++
	}
	mask := make([]float32, side*side)
	for i := range mask {
		mask[i] = -far
	}
	for _, i := range subset {
		mask[i] = 0
	}
	along := b.step(plan.MatMul, []int{0, 1}, nil, b.pad(flat, 0, 0, side*side-count), axes)
	along = b.step(plan.Add, nil, nil, along, b.constant(fmt.Sprintf("region.%d.%d", level[0], level[1]), mask, side*side, 1))
	most := b.reshape(b.step(plan.MaxPool, []int{side, side}, nil, b.reshape(along, 1, side, side, 4)), 1, 4)
	// Half the box's sides and its middle, along the axes: [[w 0] [0 h] [x y]].
	w, h := float32(scaleX/2), float32(scaleY/2)
	box := b.reshape(b.matmul(most, b.constant("region.box", []float32{
		w, 0, 0, 0, .5, 0,
		0, 0, 0, h, 0, .5,
		w, 0, 0, 0, -.5, 0,
		0, 0, 0, h, 0, -.5,
	}, 4, 6)), 3, 2)
	return b.matmul(box, b.slice(axes, 0, 0, 2))
}

// sample adds the steps that draw a region's picture from a map [1 H W C],
// bilinearly; what lies outside of the map's pixel centres is 0, as in the
// original.
func (b *builder) sample(features int, t transform) int {
	shape := b.shape(features)
	if shape[1] != shape[2] {
		return b.fail("a map of %v, want a square one", shape)
	}
	pixels := t.size * t.size
	at, own := make([]float32, 3*pixels), make([]float32, 2*pixels)
	for i := range pixels {
		u, v := 2*(float32(i%t.size)+.5)/float32(t.size)-1, 2*(float32(i/t.size)+.5)/float32(t.size)-1
		copy(at[3*i:], []float32{u, v, 1})
		copy(own[2*i:], []float32{u, v})
	}
	// Where each pixel lies in the map, -1 to 1.
	place := b.affine(b.matmul(b.constant("region.pixels", at, pixels, 3), t.rows), 2/float64(shape[2]), -1)
	flow := b.step(plan.Sub, nil, nil, place, b.constant("region.places", own, pixels, 2))
	edge := 1 - 1/float64(shape[2])
	inside := b.step(plan.Inside, nil, []float64{-edge, edge}, place)
	inside = b.step(plan.Mul, nil, nil, b.slice(inside, 1, 0, 1), b.slice(inside, 1, 1, 2))
	picture := b.step(plan.Warp, nil, nil, features, b.reshape(flow, 1, t.size, t.size, 2))
	return b.step(plan.Mul, nil, nil, picture, b.reshape(inside, 1, t.size, t.size, 1))
}

// carry adds the steps that carry points [1 N 2] of the region to where they lie.
func (b *builder) carry(points int, t transform) int {
	s := b.shape(points)
	if s[2] != 2 {
		return b.fail("points of %v, want two coordinates each", s)
	}
	// (x, y, 1) times corner is (u, v, 1).
	k := float32(2 / (float64(t.size) * t.from))
	corner := b.constant("region.corner", []float32{k, 0, 0, 0, k, 0, -1, -1, 1}, 3, 3)
	m := b.affine(b.matmul(corner, t.rows), t.to, 0)
	y := b.matmul(b.reshape(points, s[1], 2), b.slice(m, 0, 0, 2))
	return b.reshape(b.step(plan.Add, nil, nil, y, b.slice(m, 0, 2, 3)), s...)
}
