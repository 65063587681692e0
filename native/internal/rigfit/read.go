package rigfit

import (
	"math"

	"mien/shared/au"
	"mien/shared/rig"
)

// readBack returns how the rig's reading of meshes correlates with the labels.
func readBack(r *rig.Rig, set Set) (n int, pearson [au.Count]float64) {
	var x, y, xx, yy, xy [au.Count]float64
	for _, s := range gather(set) {
		left, right := r.Subject(*s.mesh).Reading()
		for a := range au.Count {
			u, v := float64(left[a]+right[a])/2, float64(s.labels[a])
			x[a] += u
			y[a] += v
			xx[a] += u * u
			yy[a] += v * v
			xy[a] += u * v
		}
		n++
	}
	k := float64(n)
	for a := range pearson {
		if d := (k*xx[a] - x[a]*x[a]) * (k*yy[a] - y[a]*y[a]); d > 0 {
			pearson[a] = (k*xy[a] - x[a]*y[a]) / math.Sqrt(d)
		}
	}
	return n, pearson
}
