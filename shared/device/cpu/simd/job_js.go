package simd

import "unsafe"

// kind begins every job; the numbers are those of wasm/kernel/src/kernel.h. The
// jobs are the structs there, field by field.
type kind int32

const (
	conv kind = iota
	margin
	loop
	resample
	sums
	squares
	normal
)

// Conv is struct conv in product.c. What Pack wrote are its weights.
type Conv struct {
	kind             kind
	Pixels, Columns  int32
	Runs, Len, Pitch int32
	turns            int32
	high             int32
	across, bands    int32
	whole            int32
	Corners, Outs    Address
	X, W             Address
	Bias             Address
	More, Slopes     Address
	Y                Address
}

const (
	panel     = 8        // columns
	passFloat = 640 * 8  // of a panel stay in the first-level cache (20 of 48 kB) while pixels pass
	mostHigh  = 256      // pixels of a band: their patches stay in the second-level cache
	leastJobs = 32       // parts: 12 microseconds each in the smallest layers of a generator
	partBytes = 16 << 10 // of a copying or adding part
)

// Packed is how many floats the packed weights of a convolution to columns take.
func Packed(terms, columns int) int { return panels(columns) * panel * terms }

func panels(columns int) int { return (columns + panel - 1) / panel }

// Pack writes weights [terms columns] in panels, the rest of the last one zero.
func Pack(dst, w []float32, columns int) {
	terms := len(w) / columns
	for p := range panels(columns) {
		n := min(panel, columns-p*panel)
		for t := range terms {
			row := dst[(p*terms+t)*panel:][:panel]
			clear(row[copy(row, w[t*columns+p*panel:][:n]):])
		}
	}
}

// Split decides how the job is shared. Where the weights are larger than the
// pictures, a panel is read once and all pixels pass it; else a band of pixels
// passes all panels. A thread's parts follow each other: its cache profits alike.
func (j *Conv) Split() {
	j.kind = conv
	j.turns = min(max(passFloat/(j.Len*panel), 1), j.Runs)
	j.across = int32(panels(int(j.Columns)))
	bands := max((leastJobs+j.across-1)/j.across, (j.Pixels+mostHigh-1)/mostHigh)
	j.high = max((j.Pixels+bands-1)/bands, 32)
	j.high = (j.high + 3) &^ 3
	j.bands = (j.Pixels + j.high - 1) / j.high
	if j.Runs*j.Len*j.Columns > j.Pixels*j.Len {
		j.whole = 1
	}
}

// Run computes the convolution.
func (j *Conv) Run() { run(unsafe.Pointer(j), j.bands*j.across) }

// Margin is struct margin in picture.c.
type Margin struct {
	kind                 kind
	Rows, Height, Top, H int32
	Left, Inner, Right   int32
	high                 int32
	X, Y                 Address
}

// Run copies the pictures.
func (j *Margin) Run() {
	j.kind = margin
	j.high = max(partBytes/(4*(j.Left+j.Inner+j.Right)), 1)
	run(unsafe.Pointer(j), (j.Rows+j.high-1)/j.high)
}

// Resample is struct resample in picture.c.
type Resample struct {
	kind          kind
	Count, W, OW  int32
	C             int32
	high          int32
	Rows, Columns Address // of int32
	RowWeights    Address
	ColumnWeights Address
	X, Y          Address
}

// Run computes the pictures.
func (j *Resample) Run() {
	j.kind = resample
	j.high = max(partBytes/(4*4*j.OW*j.C), 1)
	run(unsafe.Pointer(j), (j.Count+j.high-1)/j.high)
}

// Norm is struct norm in norm.c.
type Norm struct {
	kind                  kind
	N, Pixels, C          int32
	high, shards          int32
	Epsilon               float32
	Active                int32
	Slope                 float32
	X, Scale, Shift, More Address
	ScaleStep, ShiftStep  int32 // from picture to picture: C, or 0 for all the same
	sum, square           Address
	Y                     Address
}

// shardFloats is how much one shard sums. It must not depend on the number of
// threads: the order of additions would.
const shardFloats = 2048

// Split decides how the job is shared, and returns how many floats of scratch
// it needs.
func (j *Norm) Split() int {
	j.high = max(shardFloats/j.C, 4)
	j.shards = (j.Pixels + j.high - 1) / j.high
	return int(2 * j.N * j.shards * j.C)
}

// Run normalises; the results are in Y.
func (j *Norm) Run(scratch []float32) {
	parts := j.N * j.shards
	j.sum, j.square = At(scratch), At(scratch[parts*j.C:])
	for _, j.kind = range [...]kind{sums, squares, normal} {
		run(unsafe.Pointer(j), parts)
	}
}

// Op is an operation of Loop; the numbers are those of wasm/kernel/src/loop.c.
type Op int32

// The operations: two arrays, or one and numbers.
const (
	Add     Op = iota // a + b
	AddS              // a + s
	Sub               // a - b
	SubS              // a - s
	SSub              // s - a
	Mul               // a * b
	MulS              // a * s
	Div               // a / b
	DivS              // a / s
	SDiv              // s / a
	Affine            // s*a + t
	Axpy              // y + a*s
	Gate              // a > 0 ? b : b*s
	Max               // a > b ? a : b
	PRelu             // a > 0 ? a : a*b
	Exp               // e^a
	Tanh              //
	Sigmoid           // 1 / (1 + e^-a)
)

// elements of a Loop's part.
const elements = 8192

type loopJob struct {
	kind    kind
	op      Op
	n, high int32
	s, t    float32
	a, b, y Address
}

// one serves every loop: a program runs one at a time.
var one loopJob

// Loop is y[i] = op(a[i], b[i], s, t). b may be nil where op has none.
func Loop(op Op, y, a, b []float32, s, t float32) {
	n := int32(len(y))
	if n == 0 {
		return
	}
	one = loopJob{loop, op, n, elements, s, t, At(a), At(b), At(y)}
	run(unsafe.Pointer(&one), (n+elements-1)/elements)
}
