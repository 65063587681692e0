package kernel

// depthwiseRow computes n > 0 pixels of a row of a depthwise convolution whose
// windows lie inside, for blocks of a number of channels that follow each other:
//
//	y[i*c+q] = bias[q] + sum over a, b < k of rows[a][(i*stride+b)*c+q] * w[(a*k+b)*c+q]
//
// All but n and blocks counts floats.
type depthwiseRow func(n int, rows **float32, w, bias, y *float32, c, blocks int)

// depthwiseCorner computes one pixel from a part of its window, high x wide taps,
// at least one:
//
//	y[q] = bias[q] + sum over a < high, b < wide of x[a*xpitch+b*c+q] * w[a*wpitch+b*c+q]
type depthwiseCorner func(high, wide int, x, w, bias, y *float32, xpitch, wpitch, c, blocks int)

// poolRow computes n > 0 pixels of the maxima of windows of 2 x 2, of the rows a and
// b, for blocks of channels:
//
//	y[i*c+q] = max(a[i*step+q], a[i*step+c+q], b[i*step+q], b[i*step+c+q])
type poolRow func(n int, a, b, y *float32, step, c, blocks int)

// lanes are the kernels for windows that take width channels at a time.
type lanes struct {
	width  int
	rows   [2][2]depthwiseRow // of 3 x 3 and 5 x 5 taps; of stride 1 and 2
	corner depthwiseCorner
	pool   poolRow
}

// strip is a run of channels that lanes compute; in Go where lanes is nil.
type strip struct {
	lanes           *lanes
	from, n, blocks int // channels; the kernel's blocks of them
}

// strips divides c channels among the lanes. What is left of the last block is one that
// begins earlier and computes some channels again, to the same bits.
func strips(c int) []strip {
	for i := range current.lanes {
		l := &current.lanes[i]
		if c < l.width {
			continue
		}
		blocks := c / l.width
		all := []strip{{l, 0, blocks * l.width, blocks}}
		rest := c - blocks*l.width
		for k := len(current.lanes) - 1; rest > 0 && k >= i; k-- {
			if s := &current.lanes[k]; s.width >= rest {
				return append(all, strip{s, c - s.width, s.width, 1})
			}
		}
		return all
	}
	return []strip{{nil, 0, c, 0}}
}

// depthwise is a prepared depthwise convolution.
type depthwise struct {
	ConvShape
	over          []strip
	row           [2]int // which of the kernels of lanes; negative where there is none for this window
	left, right   int    // columns of y from which and up to which windows lie inside
	zeros         []float32
	band          int // rows of y that are done before what follows them
	after         After
	task          func(lo, hi int)
	y, x, w, bias []float32
}

// Depthwise prepares y = bias + the depthwise convolution of x by weights [KH KW C],
// where s.K is s.C. bias, [C], may be nil. After, which may be nil, gets the pixels of
// y as they are done.
func (w *Workspace) Depthwise(s ConvShape, after After) func(y, x, weights, bias []float32) {
	d := &depthwise{ConvShape: s, over: strips(s.C), row: [2]int{-1, -1}, after: after}
	if s.KH == s.KW && (s.KH == 3 || s.KH == 5) && s.S <= 2 {
		d.row = [2]int{s.KH/2 - 1, s.S - 1}
	}
	d.left, d.right = s.inner()
	d.zeros = make([]float32, max(s.W*s.C, s.C))
	w.tables += len(d.zeros)
	d.band = max(1, bandFloats/(s.OW*s.C))
	d.task = d.rows
	cost := s.OW * s.C * (s.KH*s.KW + 2) / 8
	return func(y, x, weights, bias []float32) {
		if bias == nil {
			bias = d.zeros[:s.C]
		}
		d.y, d.x, d.w, d.bias = y, x, weights, bias
		w.loop(s.N*s.OH, max(d.band, leastWork/cost), d.task)
		d.y, d.x, d.w, d.bias = nil, nil, nil, nil
	}
}

// inner returns from which and up to which column of y windows lie inside.
func (s ConvShape) inner() (left, right int) {
	left = min((s.P+s.S-1)/s.S, s.OW)
	if room := s.W + s.P - s.KW; room >= 0 {
		right = min(room/s.S+1, s.OW)
	}
	return left, max(left, right)
}

const (
	bandFloats = 1 << 12 // of a result stay in the first-level cache
	leastWork  = 1 << 14 // vectors' operations that are worth another goroutine
)

// rows computes rows lo to hi of all pictures' y.
func (d *depthwise) rows(lo, hi int) {
	own := desks.Get().(*desk)
	for lo < hi {
		end := min(lo+d.band, hi)
		for row := lo; row < end; row++ {
			for _, p := range d.over {
				d.strip(own, p, row)
			}
		}
		if d.after != nil {
			d.after(lo*d.OW, end*d.OW)
		}
		lo = end
	}
	desks.Put(own)
}

// strip computes some channels of a row.
func (d *depthwise) strip(own *desk, p strip, row int) {
	n, i := row/d.OH, row%d.OH
	top := i*d.S - d.P
	a0, a1 := max(0, -top), min(d.KH, d.H-top)
	left, right := d.left, d.right
	if p.lanes == nil || d.row[0] < 0 {
		left, right = d.OW, d.OW
	}
	for j := range left {
		d.pixel(p, n, row, j, a0, a1)
	}
	if right > left {
		for a := range d.KH {
			own.rows[a] = &d.zeros[0]
			if r := top + a; r >= 0 && r < d.H {
				own.rows[a] = &d.x[((n*d.H+r)*d.W+left*d.S-d.P)*d.C+p.from]
			}
		}
		p.lanes.rows[d.row[0]][d.row[1]](right-left, &own.rows[0], &d.w[p.from], &d.bias[p.from], &d.y[(row*d.OW+left)*d.C+p.from], d.C, p.blocks)
	}
	for j := right; j < d.OW; j++ {
		d.pixel(p, n, row, j, a0, a1)
	}
}

// pixel computes some channels of pixel j of a row, of whose window rows a0 to a1 lie
// inside.
func (d *depthwise) pixel(p strip, n, row, j, a0, a1 int) {
	at := j*d.S - d.P
	b0, b1 := max(0, -at), min(d.KW, d.W-at)
	y, bias := d.y[(row*d.OW+j)*d.C+p.from:][:p.n], d.bias[p.from:][:p.n]
	if a1 <= a0 || b1 <= b0 {
		copy(y, bias)
		return
	}
	x := d.x[((n*d.H+row%d.OH*d.S-d.P+a0)*d.W+at+b0)*d.C+p.from:]
	w := d.w[(a0*d.KW+b0)*d.C+p.from:]
	if p.lanes != nil {
		p.lanes.corner(a1-a0, b1-b0, &x[0], &w[0], &bias[0], &y[0], d.W*d.C, d.KW*d.C, d.C, p.blocks)
		return
	}
	copy(y, bias)
	for a := range a1 - a0 {
		for b := range b1 - b0 {
			x, w := x[(a*d.W+b)*d.C:][:p.n], w[(a*d.KW+b)*d.C:][:p.n]
			for q := range y {
				y[q] += float32(x[q] * w[q])
			}
		}
	}
}
