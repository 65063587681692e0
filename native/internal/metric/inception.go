package metric

import (
	"fmt"
	"math"
	"strings"

	"mien/native/internal/graph"
	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/tensor"
)

// InceptionSide is the side of the pictures that Inception-v3 looks at.
const InceptionSide = 299

// InceptionDim is the number of features that it is measured by: the mean over
// the last map.
const InceptionDim = 2048

// What the distance on Inception's features is called: FID with the weights of
// the paper, and otherwise with those of torchvision added, because the two do
// not compare.
const (
	FIDName         = "FID"
	TorchvisionName = "FID (torchvision's weights)"
)

// inceptionBatch is how many pictures are looked at in one run: the kernels are
// as quick for 2 as for more, and the last run wastes less.
const inceptionBatch = 2

// bnEpsilon is that of Inception's batch norms.
const bnEpsilon = 1e-3

// classesOfTF is the number of classes of the weights that FID is defined by
// (Heusel et al., 2017), the TensorFlow network of 2015 as pytorch-fid stores
// it; torchvision's have 1000.
const classesOfTF = 1008

// NewInception returns the extractor of the 2048 pooled features of Inception-v3
// (Szegedy et al., 2016) with the weights in f, named as torchvision names them:
// "Conv2d_1a_3x3.conv.weight" [K C KH KW], "Conv2d_1a_3x3.bn.running_var" and so
// on. Tensors that the features do not need are not looked at, but for the
// number of classes of "fc.weight": the network of FID leaves the border
// out of its mean pools and ends in a max pool.
func NewInception(f *model.File, d device.Device) (*Extractor, error) {
	var wrong []string
	fc := f.Tensors["fc.weight"]
	e, err := newInception(fc != nil && fc.Shape[0] == classesOfTF, d, func(name string, want tensor.Shape) []float32 {
		t := f.Tensors[name]
		switch {
		case t == nil:
			wrong = append(wrong, fmt.Sprintf("tensor %q: missing, want %v", name, want))
		case !t.Shape.Equal(want):
			wrong = append(wrong, fmt.Sprintf("tensor %q: shape %v, want %v", name, t.Shape, want))
		default:
			return t.Data
		}
		return make([]float32, want.Numel())
	})
	if n := len(wrong); n > 0 {
		if n > 10 {
			wrong = append(wrong[:10], fmt.Sprintf("and %d more", n-10))
		}
		return nil, fmt.Errorf("weights of inception: %s", strings.Join(wrong, "; "))
	}
	return e, err
}

// newInception builds the network of FID's definition, or of torchvision, with
// the tensors that weights returns.
func newInception(tf bool, d device.Device, weights func(name string, shape tensor.Shape) []float32) (*Extractor, error) {
	b := &inception{g: graph.New(), tf: tf, weights: weights}
	features := b.network(b.g.Input(inputName, inceptionBatch, InceptionSide, InceptionSide, 3))
	p, err := b.g.Lower(map[string]graph.Node{outputName: features})
	if err != nil {
		return nil, fmt.Errorf("inception: %w", err)
	}
	if tf {
		return newExtractor(FIDName, p, nil, d)
	}
	return newExtractor(TorchvisionName, p, nil, d)
}

// inception builds the network. Maps are [N H W C]; all are the outputs of a
// ReLU, so that zeros beyond the border never win a max pool.
type inception struct {
	g       *graph.Graph
	tf      bool
	weights func(name string, shape tensor.Shape) []float32
}

func (b *inception) network(x graph.Node) graph.Node {
	x = b.conv(x, "Conv2d_1a_3x3", 32, 3, 2, 0)
	x = b.conv(x, "Conv2d_2a_3x3", 32, 3, 1, 0)
	x = b.conv(x, "Conv2d_2b_3x3", 64, 3, 1, 1)
	x = b.half(x)
	x = b.conv(x, "Conv2d_3b_1x1", 80, 1, 1, 0)
	x = b.conv(x, "Conv2d_4a_3x3", 192, 3, 1, 0)
	x = b.half(x)
	x = b.blockA(x, "Mixed_5b.", 32)
	x = b.blockA(x, "Mixed_5c.", 64)
	x = b.blockA(x, "Mixed_5d.", 64)
	x = b.blockB(x, "Mixed_6a.")
	x = b.blockC(x, "Mixed_6b.", 128)
	x = b.blockC(x, "Mixed_6c.", 160)
	x = b.blockC(x, "Mixed_6d.", 160)
	x = b.blockC(x, "Mixed_6e.", 192)
	x = b.blockD(x, "Mixed_7a.")
	x = b.blockE(x, "Mixed_7b.", false)
	x = b.blockE(x, "Mixed_7c.", b.tf)
	return b.g.Reshape(b.g.MeanHW(x), inceptionBatch, InceptionDim)
}

func (b *inception) blockA(x graph.Node, name string, pool int) graph.Node {
	five := b.conv(x, name+"branch5x5_1", 48, 1, 1, 0)
	five = b.conv(five, name+"branch5x5_2", 64, 5, 1, 2)
	three := b.conv(x, name+"branch3x3dbl_1", 64, 1, 1, 0)
	three = b.conv(three, name+"branch3x3dbl_2", 96, 3, 1, 1)
	three = b.conv(three, name+"branch3x3dbl_3", 96, 3, 1, 1)
	return b.g.Concat(3, b.conv(x, name+"branch1x1", 64, 1, 1, 0), five, three, b.pooled(x, name+"branch_pool", pool))
}

func (b *inception) blockB(x graph.Node, name string) graph.Node {
	three := b.conv(x, name+"branch3x3dbl_1", 64, 1, 1, 0)
	three = b.conv(three, name+"branch3x3dbl_2", 96, 3, 1, 1)
	three = b.conv(three, name+"branch3x3dbl_3", 96, 3, 2, 0)
	return b.g.Concat(3, b.conv(x, name+"branch3x3", 384, 3, 2, 0), three, b.half(x))
}

func (b *inception) blockC(x graph.Node, name string, width int) graph.Node {
	seven := b.conv(x, name+"branch7x7_1", width, 1, 1, 0)
	seven = b.line(seven, name+"branch7x7_2", width, 1, 7)
	seven = b.line(seven, name+"branch7x7_3", 192, 7, 1)
	double := b.conv(x, name+"branch7x7dbl_1", width, 1, 1, 0)
	double = b.line(double, name+"branch7x7dbl_2", width, 7, 1)
	double = b.line(double, name+"branch7x7dbl_3", width, 1, 7)
	double = b.line(double, name+"branch7x7dbl_4", width, 7, 1)
	double = b.line(double, name+"branch7x7dbl_5", 192, 1, 7)
	return b.g.Concat(3, b.conv(x, name+"branch1x1", 192, 1, 1, 0), seven, double, b.pooled(x, name+"branch_pool", 192))
}

func (b *inception) blockD(x graph.Node, name string) graph.Node {
	three := b.conv(x, name+"branch3x3_1", 192, 1, 1, 0)
	three = b.conv(three, name+"branch3x3_2", 320, 3, 2, 0)
	seven := b.conv(x, name+"branch7x7x3_1", 192, 1, 1, 0)
	seven = b.line(seven, name+"branch7x7x3_2", 192, 1, 7)
	seven = b.line(seven, name+"branch7x7x3_3", 192, 7, 1)
	seven = b.conv(seven, name+"branch7x7x3_4", 192, 3, 2, 0)
	return b.g.Concat(3, three, seven, b.half(x))
}

func (b *inception) blockE(x graph.Node, name string, maxPool bool) graph.Node {
	three := b.conv(x, name+"branch3x3_1", 384, 1, 1, 0)
	double := b.conv(x, name+"branch3x3dbl_1", 448, 1, 1, 0)
	double = b.conv(double, name+"branch3x3dbl_2", 384, 3, 1, 1)
	pool := func() graph.Node { return b.pooled(x, name+"branch_pool", 192) }
	if maxPool {
		pool = func() graph.Node { return b.conv(b.around(x, b.max), name+"branch_pool", 192, 1, 1, 0) }
	}
	return b.g.Concat(3, b.conv(x, name+"branch1x1", 320, 1, 1, 0),
		b.line(three, name+"branch3x3_2a", 384, 1, 3), b.line(three, name+"branch3x3_2b", 384, 3, 1),
		b.line(double, name+"branch3x3dbl_3a", 384, 1, 3), b.line(double, name+"branch3x3dbl_3b", 384, 3, 1), pool())
}

// conv is a k x k convolution, its batch norm folded into it, and a ReLU.
func (b *inception) conv(x graph.Node, name string, out, k, stride, pad int) graph.Node {
	w, shift := b.folded(name, graph.Shape(x)[3], out, k, k)
	return b.g.Relu(b.g.Add(b.g.Conv(x, w, stride, pad), shift))
}

// line is conv with a kernel of 1 x k or k x 1 that keeps the size.
func (b *inception) line(x graph.Node, name string, out, kh, kw int) graph.Node {
	w, shift := b.folded(name, graph.Shape(x)[3], out, kh, kw)
	x = b.g.Pad(b.g.Pad(x, 1, kh/2, kh/2), 2, kw/2, kw/2)
	return b.g.Relu(b.g.Add(b.g.Conv(x, w, 1, 0), shift))
}

// pooled is the mean over 3 x 3 pixels before a 1 x 1 convolution. Both are
// linear, so that the mean is taken of the result, which has fewer channels.
func (b *inception) pooled(x graph.Node, name string, out int) graph.Node {
	w, shift := b.folded(name, graph.Shape(x)[3], out, 1, 1)
	y := b.around(b.g.Conv(x, w, 1, 0), b.g.Add)
	if !b.tf {
		y = b.g.Affine(y, 1./9, 0)
	} else { // the mean over the pixels that there are
		h, w := graph.Shape(x)[1], graph.Shape(x)[2]
		share := make([]float32, h*w)
		at := func(i, n int) int { return min(i+1, n-1) - max(i-1, 0) + 1 }
		for i := range share {
			share[i] = 1 / float32(at(i/w, h)*at(i%w, w))
		}
		y = b.g.Mul(y, b.g.Const(name+".share", share, 1, h, w, 1))
	}
	return b.g.Relu(b.g.Add(y, shift))
}

// around joins each pixel with its eight neighbours; zeros lie beyond.
func (b *inception) around(x graph.Node, join func(a, b graph.Node) graph.Node) graph.Node {
	for axis := 1; axis <= 2; axis++ {
		n := graph.Shape(x)[axis]
		p := b.g.Pad(x, axis, 1, 1)
		x = join(join(b.g.Slice(p, axis, 0, n), b.g.Slice(p, axis, 1, n+1)), b.g.Slice(p, axis, 2, n+2))
	}
	return x
}

// half is the maximum over 3 x 3 pixels in steps of 2 of a map with odd sides:
// of pixels gathered in blocks of 2 x 2, each block with the first row and
// column of the next.
func (b *inception) half(x graph.Node) graph.Node {
	c := graph.Shape(x)[3]
	x = b.g.Unshuffle(b.g.Pad(b.g.Pad(x, 1, 0, 1), 2, 0, 1), 2) // channels: row, column, c
	return b.everyOther(b.everyOther(x, 1, 2*c), 2, c)
}

// everyOther halves one axis of blocks whose channels hold the even pixel, then
// the odd one, width channels each.
func (b *inception) everyOther(x graph.Node, axis, width int) graph.Node {
	n := graph.Shape(x)[axis]
	even, odd := b.g.Slice(x, 3, 0, width), b.g.Slice(x, 3, width, 2*width)
	return b.max(b.max(b.g.Slice(even, axis, 0, n-1), b.g.Slice(odd, axis, 0, n-1)), b.g.Slice(even, axis, 1, n))
}

// max is the larger one, element by element.
func (b *inception) max(x, y graph.Node) graph.Node {
	return b.g.Add(y, b.g.Relu(b.g.Sub(x, y)))
}

// folded returns the weights [KH KW C K] of a convolution and what to add to it,
// [1 1 1 K], with the batch norm's statistics taken into both.
func (b *inception) folded(name string, c, k, kh, kw int) (w, shift graph.Node) {
	raw := b.weights(name+".conv.weight", tensor.Shape{k, c, kh, kw})
	scale, bias := b.weights(name+".bn.weight", tensor.Shape{k}), b.weights(name+".bn.bias", tensor.Shape{k})
	mean, variance := b.weights(name+".bn.running_mean", tensor.Shape{k}), b.weights(name+".bn.running_var", tensor.Shape{k})
	weights, shifts := make([]float32, len(raw)), make([]float32, k)
	for o := range k {
		by := float64(scale[o]) / math.Sqrt(max(float64(variance[o]), 0)+bnEpsilon)
		shifts[o] = float32(float64(bias[o]) - by*float64(mean[o]))
		for i := range c {
			for a := range kh * kw {
				weights[(a*c+i)*k+o] = float32(by * float64(raw[(o*c+i)*kh*kw+a]))
			}
		}
	}
	return b.g.Const(name+".w", weights, kh, kw, c, k), b.g.Const(name+".b", shifts, 1, 1, 1, k)
}
