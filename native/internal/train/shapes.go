package train

import (
	"math"

	"mien/native/internal/dataset"
	frame "mien/shared/face"
)

// shapeFaces is on how many faces mean and deviation of shapes are measured.
const shapeFaces = 2000

// leastShapeDev bounds the deviation of a shape's number: points that hardly move
// would else be told apart by their tremble.
const leastShapeDev = .005

// shapes returns mean and deviation of each number of the shapes of up to shapeFaces
// samples of source, all the same distance apart; 0 and 1 where no mesh is known.
func shapes(source dataset.Source) (mean, dev []float32) {
	mean, dev = make([]float32, frame.ShapeNumbers), make([]float32, frame.ShapeNumbers)
	var sum, square [frame.ShapeNumbers]float64
	n := 0
	all := min(source.Len(), shapeFaces)
	for i := range all {
		mesh := meshOf(source, i*source.Len()/all)
		if mesh == nil {
			continue
		}
		n++
		for k, v := range mesh.Shape() {
			sum[k] += float64(v)
			square[k] += float64(v) * float64(v)
		}
	}
	for k := range mean {
		dev[k] = 1
		if n > 1 {
			m := sum[k] / float64(n)
			mean[k], dev[k] = float32(m), float32(max(math.Sqrt(max(square[k]/float64(n)-m*m, 0)), leastShapeDev))
		}
	}
	return mean, dev
}
