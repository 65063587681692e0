package plan

// Kind names an operation. The comment of each is its specification; the
// package shared/device/ref is the same in code. Shapes are in brackets,
// attributes in order after "ints" and "floats".
type Kind string

// Convolutions and matrix product. The three convolutions differentiate into
// each other, which is why a gradient penalty needs no further kernel.
const (
	// Conv: x [N H W C], w [KH KW C K] -> y [N OH OW K]; ints stride, pad.
	//	y[n,i,j,k] = sum_abc x[n, i*stride+a-pad, j*stride+b-pad, c] * w[a,b,c,k]
	// with zeros outside x; OH = (H+2*pad-KH)/stride + 1.
	Conv Kind = "conv"
	// ConvInput: dy [N OH OW K], w [KH KW C K] -> dx [N H W C]; ints stride,
	// pad, H, W. The adjoint of Conv in x; also the transposed convolution.
	ConvInput Kind = "convinput"
	// ConvWeight: x [N H W C], dy [N OH OW K] -> dw [KH KW C K]; ints stride,
	// pad, KH, KW. The adjoint of Conv in w.
	ConvWeight Kind = "convweight"
	// MatMul: a [M K], b [K N] -> [M N]; ints ta, tb (1: that operand is
	// stored transposed).
	MatMul Kind = "matmul"
)

// Operations of networks that are run but not trained here.
const (
	// Depthwise: x [N H W C], w [KH KW C 1] -> y [N OH OW C]; ints stride, pad:
	// a convolution of each channel alone.
	//	y[n,i,j,c] = sum_ab x[n, i*stride+a-pad, j*stride+b-pad, c] * w[a,b,c,0]
	// with zeros outside x; OH = (H+2*pad-KH)/stride + 1.
	Depthwise Kind = "depthwise"
	// MaxPool: x [N H W C] -> [N OH OW C]; ints k, stride: the largest number of
	// each k x k window, without padding; OH = (H-k)/stride + 1.
	MaxPool Kind = "maxpool"
)

// Elementwise operations of two operands of equal rank; a dimension of 1 is
// repeated to the other's extent.
const (
	Add Kind = "add"
	Sub Kind = "sub"
	Mul Kind = "mul"
	Div Kind = "div"
	// PRelu: x, a: x > 0 ? x : a*x.
	PRelu Kind = "prelu"
)

// Elementwise operations of one operand.
const (
	Affine    Kind = "affine"   // floats a, b: a*x + b
	LeakyRelu Kind = "lrelu"    // floats slope: x > 0 ? x : slope*x (slope 0: ReLU)
	Gate      Kind = "gate"     // x, g of equal shape; floats slope: x > 0 ? g : slope*g
	Tanh      Kind = "tanh"     //
	Sigmoid   Kind = "sigmoid"  // 1 / (1 + exp(-x))
	Softplus  Kind = "softplus" // log(1 + exp(x)), no overflow
	Exp       Kind = "exp"      //
	Log       Kind = "log"      // natural
	Sqrt      Kind = "sqrt"     //
	Abs       Kind = "abs"      //
	Sign      Kind = "sign"     // -1, 0, 1
	Clamp     Kind = "clamp"    // floats lo, hi
	Inside    Kind = "inside"   // floats lo, hi: lo <= x <= hi ? 1 : 0
)

// Shape operations.
const (
	SumTo   Kind = "sumto"   // ints shape: sum over the dimensions that are 1 there
	Spread  Kind = "spread"  // ints shape: repeat dimensions of 1 to that extent
	Reshape Kind = "reshape" // ints shape: the same elements in the same order
	Concat  Kind = "concat"  // ints axis: operands one after the other
	Slice   Kind = "slice"   // ints axis, start, end (exclusive)
	Pad     Kind = "pad"     // ints axis, before, after: zeros around
)

// Resampling of images [N H W C]. Each is linear, and each has its adjoint in
// the table.
const (
	// Unshuffle: ints r: [N H W C] -> [N H/r W/r r*r*C], channel (a*r+b)*C+c
	// from pixel (i*r+a, j*r+b). Shuffle is its inverse and adjoint.
	Unshuffle Kind = "unshuffle"
	Shuffle   Kind = "shuffle"
	// Nearest: ints r: each pixel repeated r x r times. SumPool, its adjoint,
	// adds each r x r block.
	Nearest Kind = "nearest"
	SumPool Kind = "sumpool"
	// Resize: ints H, W: bilinear, half-pixel centres, edge repeated.
	// ResizeInput: ints H, W of the original: its adjoint.
	Resize      Kind = "resize"
	ResizeInput Kind = "resizeinput"
	// Warp: x [N H W C], f [N OH OW 2] -> [N OH OW C]: x sampled bilinearly at
	// (u, v) + f with (u, v) the output pixel's centre in [-1, 1], edge
	// repeated (torch's grid_sample, align_corners=False, border).
	Warp Kind = "warp"
	// WarpInput: g [N OH OW C], f [N OH OW 2] -> [N H W C]; ints H, W: the
	// adjoint of Warp in x.
	WarpInput Kind = "warpinput"
	// WarpFlow: x [N H W C], f [N OH OW 2], g [N OH OW C] -> [N OH OW 2]: the
	// derivative of sum(g * warp(x, f)) by f; 0 where the edge is repeated.
	WarpFlow Kind = "warpflow"
)

// Training. These write states in place: their outputs are those states.
const (
	// Finite: any operands -> [1]: 1 when every element of all is finite, else 0.
	Finite Kind = "finite"
	// Adam: g, hyper [4], ok [1], p, m, v -> p, m, v; floats beta1, beta2,
	// eps. hyper is rate, 1-beta1^t, 1-beta2^t, weight decay. When ok is 0
	// nothing changes. Kingma and Ba, 2015; decoupled decay: Loshchilov and
	// Hutter, 2019.
	//	m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g*g
	//	p -= rate * (m/hyper1 / (sqrt(v/hyper2) + eps) + decay*p)
	Adam Kind = "adam"
	// Blend: s, x of equal shape, decay [1], ok [1] -> s: s = decay*s +
	// (1-decay)*x unless ok is 0. Averages of weights (EMA), running
	// statistics, and with decay 0 an assignment.
	Blend Kind = "blend"
)

// Kinds lists every operation; devices, the graph and their tests range over
// it, so that a kind missing anywhere fails a test.
var Kinds = []Kind{
	Conv, ConvInput, ConvWeight, MatMul, Depthwise, MaxPool,
	Add, Sub, Mul, Div, PRelu,
	Affine, LeakyRelu, Gate, Tanh, Sigmoid, Softplus, Exp, Log, Sqrt, Abs, Sign, Clamp, Inside,
	SumTo, Spread, Reshape, Concat, Slice, Pad,
	Unshuffle, Shuffle, Nearest, SumPool, Resize, ResizeInput, Warp, WarpInput, WarpFlow,
	Finite, Adam, Blend,
}

// Writes returns how the step's outputs map onto its inputs when the kind
// writes states in place (output i is input Writes()[i]), or nil.
func (k Kind) Writes() []int {
	switch k {
	case Adam:
		return []int{3, 4, 5}
	case Blend:
		return []int{0}
	}
	return nil
}
