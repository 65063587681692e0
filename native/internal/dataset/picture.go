package dataset

import (
	"errors"
	"fmt"
	"image"

	"mien/shared/pixel"
)

const (
	maxFile = 16 << 20 // bytes of a face's picture
	maxSide = 2048     // pixels; OpenFace's aligned faces have 112
)

// square decodes a square picture as [S S 3].
func square(b []byte, size int) ([]uint8, error) {
	img, err := decodeSquare(b)
	if err != nil {
		return nil, err
	}
	return reduce(img, size), nil
}

// decodeSquare decodes a square picture. What it claims to be is looked at first, so
// that no more than maxSide^2 pixels are ever decoded.
func decodeSquare(b []byte) (*image.NRGBA, error) {
	_, w, h, err := pixel.Probe(b)
	if err != nil {
		return nil, err
	}
	if w != h || w > maxSide {
		return nil, fmt.Errorf("%dx%d: %w", w, h, errSquare)
	}
	return pixel.Decode(b)
}

var errSquare = errors.New("want a square of at most 2048 pixels")

// reduce brings a square picture to S x S: by the mean over the area that a
// pixel covers, or by interpolation when it must grow.
func reduce(img *image.NRGBA, size int) []uint8 {
	if img.Rect.Dx() < size {
		img = pixel.Resize(img, size, size)
	}
	n := img.Rect.Dx()
	out := make([]uint8, size*size*3)
	if n == size {
		for y := range n {
			for x := range n {
				copy(out[(y*n+x)*3:][:3], img.Pix[y*img.Stride+x*4:])
			}
		}
		return out
	}
	if n%size == 0 {
		return blocks(img, size, out)
	}
	// Columns first, then rows; weights in units of 1/size of a source pixel,
	// so that all is exact in integers.
	sums := make([]uint32, n*size*3)
	for y := range n {
		line := img.Pix[y*img.Stride:]
		for x := range n {
			for c := range 3 {
				v := uint32(line[x*4+c])
				spread(x, n, size, func(to int, w uint32) { sums[(y*size+to)*3+c] += v * w })
			}
		}
	}
	total := make([]uint64, size*size*3)
	for y := range n {
		spread(y, n, size, func(to int, w uint32) {
			src, dst := sums[y*size*3:(y+1)*size*3], total[to*size*3:]
			for i, v := range src {
				dst[i] += uint64(v) * uint64(w)
			}
		})
	}
	area := uint64(n) * uint64(n)
	for i, v := range total {
		out[i] = uint8((v + area/2) / area)
	}
	return out
}

// blocks is reduce by a whole factor, to the same bytes, in a third of the time.
func blocks(img *image.NRGBA, size int, out []uint8) []uint8 {
	k := img.Rect.Dx() / size
	area := uint32(k * k)
	for y := range size {
		for x := range size {
			var sum [3]uint32
			for a := range k {
				row := img.Pix[(y*k+a)*img.Stride+x*k*4:][:4*k]
				for b := 0; b < len(row); b += 4 {
					sum[0] += uint32(row[b])
					sum[1] += uint32(row[b+1])
					sum[2] += uint32(row[b+2])
				}
			}
			for c, v := range sum {
				out[(y*size+x)*3+c] = uint8((2*v + area) / (2 * area))
			}
		}
	}
	return out
}

// spread tells into which of size cells source pixel i of n falls, with
// weights that sum to size; a cell receives n in all.
func spread(i, n, size int, give func(to int, w uint32)) {
	from, to := i*size, (i+1)*size
	first := from / n
	if cut := (first + 1) * n; cut < to {
		give(first, uint32(cut-from))
		give(first+1, uint32(to-cut))
		return
	}
	give(first, uint32(to-from))
}
