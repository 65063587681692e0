package layer

import "mien/shared/face"

// What is drawn is one list of vertices, the same for every face: the mesh's
// points first, then those made from them.
const (
	ovalSize = len(face.Oval)
	eyeSize  = len(face.RightEye)
	lipSize  = len(face.LipsInner)
	columns  = lipSize/2 + 1 // across the mouth, the corners among them

	nearRing = face.SkinPoints // about the face
	farRing  = nearRing + ovalSize
	eyesAt   = farRing + ovalSize
	mouthAt  = eyesAt + 2*eyeParts*eyeSize

	vertexCount = mouthAt + lipSize + 8*columns
)

// The rows of an eye, eyeSize vertices each, in the order of face.RightEye.
const (
	lashRow    = iota // outside the margin of the lids: what moves with it unstretched
	fringeRow         // inside it: what the lids carry over the ball, fading out
	behindRow         // of what comes to light beside the ball, at the margin
	behindCore        // and inside it
	rimRow            // of the ball
	coreRow           // of the ball's middle
	shadeRow          // a lid's shadow on the ball at the margin
	lightRow          // and where it ends
	eyeParts
)

// The rows of the mouth: lipSize vertices of what the lips carry inwards, then
// columns of each other row, from the person's right corner.
const (
	holeUpper   = iota // the open mouth that is painted, at the upper lip
	holeLower          // and at the lower
	upperTop           // what the photo shows of what stands with the skull
	upperSplit         // where it ends
	upperFade          // and where it has faded
	lowerFade          // what the photo shows of what moves with the jaw
	lowerSplit         //
	lowerBottom        //
)

// eyeAt returns vertex i of a row of the eye: 0 is the person's right one.
func eyeAt(eye, row, i int) int { return eyesAt + (eye*eyeParts+row)*eyeSize + i%eyeSize }

// lipFringe returns vertex i of what the lips carry inwards.
func lipFringe(i int) int { return mouthAt + i%lipSize }

// mouthVertex returns the vertex of a row of the mouth in a column.
func mouthVertex(row, column int) int { return mouthAt + lipSize + row*columns + column }

// eyes are the margins of the lids, the person's right eye first.
var eyes = [2][eyeSize]int{face.RightEye, face.LeftEye}

// around are the mesh's points of the next row outside the lids' margins.
var around = [2][eyeSize]int{
	{130, 25, 110, 24, 23, 22, 26, 112, 243, 190, 56, 28, 27, 29, 30, 247},
	{359, 255, 339, 254, 253, 252, 256, 341, 463, 414, 286, 258, 257, 259, 260, 467},
}

// across returns the vertex of a margin that lies opposite of i on the other
// lid; a corner lies opposite of itself.
func across(i int) int { return (eyeSize - i) % eyeSize }

// isCorner reports whether i is a corner of an eye.
func isCorner(i int) bool { return i%(eyeSize/2) == 0 }

// upperLip and lowerLip return the mesh's point of the inner lips in a column.
func upperLip(column int) int { return face.LipsInner[(lipSize-column)%lipSize] }
func lowerLip(column int) int { return face.LipsInner[column] }

// skinOf returns the skin's triangles, the margins of the lids replaced by the
// lash rows and these joined to the margins, and what the lids carry inwards.
func skinOf() [][3]uint16 {
	lash := map[uint16]uint16{}
	for e := range eyes {
		for i, v := range eyes[e] {
			lash[uint16(v)] = uint16(eyeAt(e, lashRow, i))
		}
	}
	skin := make([][3]uint16, 0, len(skinTriangles)+4*eyeSize)
	for _, t := range skinTriangles {
		for k, v := range t {
			if l, ok := lash[v]; ok {
				t[k] = l
			}
		}
		skin = append(skin, t)
	}
	for e := range eyes {
		for _, r := range [...]int{lashRow, fringeRow} {
			skin = strip(skin, eyeSize, func(i int) int { return eyes[e][i%eyeSize] }, func(i int) int { return eyeAt(e, r, i) })
		}
	}
	return skin
}

// beneath returns the triangles that the skin is drawn over: the rings, the
// eyes, the mouth.
func beneath() [][3]uint16 {
	var t [][3]uint16
	t = strip(t, ovalSize, func(i int) int { return nearRing + i%ovalSize }, func(i int) int { return farRing + i%ovalSize })
	t = strip(t, ovalSize, func(i int) int { return face.Oval[i%ovalSize] }, func(i int) int { return nearRing + i%ovalSize })
	for e := range eyes {
		row := func(r int) func(int) int { return func(i int) int { return eyeAt(e, r, i) } }
		t = strip(t, eyeSize, row(behindRow), row(behindCore))
		t = strip(t, eyeSize, row(rimRow), row(coreRow))
		for i := range eyeSize / 2 { // between the lids' halves of the core
			a, b := eyeAt(e, coreRow, i), eyeAt(e, coreRow, i+1)
			c, d := eyeAt(e, coreRow, across(i+1)), eyeAt(e, coreRow, across(i))
			t = append(t, [3]uint16{uint16(a), uint16(b), uint16(c)}, [3]uint16{uint16(a), uint16(c), uint16(d)})
		}
		t = strip(t, eyeSize, row(shadeRow), row(lightRow))
	}
	row := func(r int) func(int) int { return func(i int) int { return mouthVertex(r, i) } }
	for _, r := range [...][2]int{{holeUpper, holeLower}, {lowerFade, lowerSplit}, {lowerSplit, lowerBottom}, {upperTop, upperSplit}, {upperSplit, upperFade}} {
		t = strip(t, columns-1, row(r[0]), row(r[1]))
	}
	return strip(t, lipSize, func(i int) int { return face.LipsInner[i%lipSize] }, lipFringe)
}

// strip adds n quadrangles between two rows of vertices, two triangles each.
func strip(t [][3]uint16, n int, a, b func(i int) int) [][3]uint16 {
	for i := range n {
		p, q, r, s := uint16(a(i)), uint16(a(i+1)), uint16(b(i)), uint16(b(i+1))
		t = append(t, [3]uint16{p, q, r}, [3]uint16{q, s, r})
	}
	return t
}

// IsPainted reports whether a vertex takes its colour from the painted patch.
func IsPainted(v int) bool { return v >= mouthVertex(holeUpper, 0) && v < mouthVertex(upperTop, 0) }

// IsDark reports whether a vertex belongs to a shadow: it is black.
func IsDark(v int) bool {
	if v < eyesAt || v >= mouthAt {
		return false
	}
	row := (v - eyesAt) / eyeSize % eyeParts
	return row == shadeRow || row == lightRow
}

// Place returns where a vertex lies in the face's frame, for the light; inside
// eyes and mouth, which have none, it is (-1, -1).
func Place(v int) [2]float32 { return uv[v] }

var uv = places()

// places returns where the vertices lie in the face's frame, for the light;
// inside eyes and mouth, which have none, it is -1.
func places() [vertexCount][2]float32 {
	var uv [vertexCount][2]float32
	for v := range uv {
		uv[v] = [2]float32{-1, -1}
	}
	copy(uv[:], frameUV[:])
	var middle [2]float32
	for _, v := range face.Oval {
		middle[0] += frameUV[v][0] / float32(ovalSize)
		middle[1] += frameUV[v][1] / float32(ovalSize)
	}
	for i, v := range face.Oval {
		for c := range 2 {
			uv[nearRing+i][c] = max(middle[c]+nearReach*(frameUV[v][c]-middle[c]), 0)
			uv[farRing+i][c] = max(middle[c]+farReach*(frameUV[v][c]-middle[c]), 0)
		}
	}
	for e := range eyes {
		for i, v := range eyes[e] {
			uv[eyeAt(e, fringeRow, i)] = frameUV[v]
			n := frameUV[around[e][i]]
			for c := range 2 {
				uv[eyeAt(e, lashRow, i)][c] = frameUV[v][c] + lashPart*(n[c]-frameUV[v][c])
			}
		}
	}
	for i, v := range face.LipsInner {
		uv[lipFringe(i)] = frameUV[v]
	}
	return uv
}
