package edit

import "mien/shared/au"

const (
	// leastLeft and mostLeft bound what is left to ask for, in parts of what is asked.
	leastLeft = .5
	mostLeft  = 1.5
	// passes is how often that is worked out, each from what was told last: after twelve
	// no byte of three edits of the sample portrait is off by more than 1.
	passes = 3
)

// among is how much of what the others that are asked for bring of an Action Unit is
// not asked for again. All of it in all of them has faces move less, and no nearer to what
// is asked of them. A smile and the cheeks that it raises are asked for in full: the reader
// takes either for some of the other, but cheeks alone narrow the eyes. Lips are not parted
// again by what a dropped jaw parts them (weights/README.md).
var among = func() (v au.Vector) {
	for i := range v {
		v[i] = .5
	}
	for code, part := range map[string]float32{"06": 0, "12": 0, "25": 1} {
		v[au.Index(code)] = part
	}
	return v
}()

// left is which part of Action Unit i there is left to ask for, that shall be read to
// move by want, where the face is told told and answers so.
func left(i int, want float32, told au.Vector, of [au.Count]answer) float32 {
	brought := float32(0)
	for k, v := range told {
		if k != i {
			brought += v * of[k].brings[i] / tries[0]
		}
	}
	return min(max(1-among[i]*brought/want, leastLeft), mostLeft)
}

// company holds which part of it an Action Unit is told, raised and taken back, where
// others are asked for by alone or more in all; 1 for those that it leaves out. Faces
// edited to others' expressions have parted lips that show more of it than the reader
// reads, closed ones less, and eyes that open too far, by the judge's features of
// validation people (weights/README.md).
var company = map[int]struct{ raised, back float32 }{
	au.Index("07"): {1, .65},
	au.Index("25"): {.85, 1.15},
}

// beside is that part for Action Unit i of change: all of it where no other is asked for.
func beside(change au.Vector, i int) float32 {
	c, ok := company[i]
	if !ok {
		return 1
	}
	others := float32(0)
	for k, v := range change {
		if k != i {
			others += max(v, -v)
		}
	}
	part := c.raised
	if change[i] < 0 {
		part = c.back
	}
	return 1 + (part-1)*min(others/alone, 1)
}
