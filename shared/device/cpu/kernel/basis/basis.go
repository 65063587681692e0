// Package basis holds the matrices of Winograd's convolutions, for those who run
// them and those who write them in assembly: Lavin and Gray, Fast algorithms for
// convolutional neural networks (2016), section 4.
//
// A tile of 2 x 2 pixels y of a convolution of stride 1 reads Tile x Tile pixels d
// and, with weights w of Taps x Taps, is
//
//	y = Result ((Weights w Weights^T) * (Pixels d Pixels^T)) Result^T
//
// where * is place by place: Tile^2 products in place of 4 Taps^2. The adjoint in
// w of a tile is that of each factor, from the left:
//
//	dw = Weights^T ((Pixels d Pixels^T) * (Result^T dy Result)) Weights
package basis

// Form is one size of tiles. Every factor is 0, 1 or a half but for its sign, and
// every line has a positive one of each size that it has.
type Form struct {
	Taps, Tile              int
	Pixels, Result, Weights [][]float32
}

// Three is F(2x2,3x3): 16 products in place of 36.
var Three = Form{
	Taps: 3, Tile: 4,
	Pixels:  [][]float32{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
	Result:  [][]float32{{1, 1, 1, 0}, {0, 1, -1, 1}},
	Weights: [][]float32{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}},
}

// Two is F(2x2,2x2): 9 products in place of 16.
var Two = Form{
	Taps: 2, Tile: 3,
	Pixels:  [][]float32{{1, -1, 0}, {0, 1, 0}, {0, -1, 1}},
	Result:  [][]float32{{1, 1, 0}, {0, 1, 1}},
	Weights: [][]float32{{1, 0}, {1, 1}, {0, 1}},
}

// Turned is m transposed.
func Turned(m [][]float32) [][]float32 {
	t := make([][]float32, len(m[0]))
	for _, line := range m {
		for j, v := range line {
			t[j] = append(t[j], v)
		}
	}
	return t
}
