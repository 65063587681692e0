package edit

// Asked to raise the inner ends of brows and to lower the brows (AU01 and AU04, as in
// sadness), a generator that a reader taught lifts the ends further than for either: up
// there is where a reader sees the one, and along the brow the other. Between the two the
// warp has a step, and the ends stand up as knobs. Brows are bars of hair that slant.

const (
	// steepest is how much more a brow is lifted from one place of it to the next one
	// inwards, in parts of the way between them: it slants by 22 degrees more than it did.
	// At .5 some ends still stand up. It takes .02 of AU04's gain, and none of AU01's.
	steepest = .4

	// archAt is where the limit starts, in half frames from the middle: a brow's inner end
	// lies at .12, its arch at .37. Outside it, brows rise from their ends on.
	archAt = .4
)

// slant lets what lies above the eyes rise towards the middle no steeper than brows do: it
// takes lift away, and leaves a warp alone that is nowhere steeper.
func (f Field) slant() {
	step := steepest * 2 / float32(f.Size) // from sample to sample
	arch := int((1 - archAt) / 2 * float32(f.Size))
	for j := range f.Size {
		amount := part((2*float32(j)+1)/float32(f.Size)-1, lidsFrom, lidsTo)
		if amount == 0 {
			break // from the lids on down
		}
		row := f.Warp[2*f.Size*j:]
		for _, side := range [...]struct{ from, way int }{{arch, 1}, {f.Size - 1 - arch, -1}} {
			most := row[2*side.from+1]
			for k := 1; k < f.Size/2-arch; k++ {
				lift := &row[2*(side.from+k*side.way)+1]
				most = min(*lift, most+step)
				*lift += amount * (most - *lift)
			}
		}
	}
}
