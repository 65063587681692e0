package dataset

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"mien/shared/au"
)

// catalog is what the tables say of every face that has a picture: a column for
// each fact, about 110 bytes a face. A million faces fit into a tenth of a
// gigabyte; their landmarks (544 bytes) may stay in a file.
type catalog struct {
	root   *root
	parts  []*part
	listed int // pictures in them, with a row or without

	part   []uint16     // that the face is of
	frame  []uint32     // its number there
	face   []uint8      // its number in the frame
	labels []au.Vector  //
	pose   [][3]float32 // where posed
	flags  []uint8      // of the face, see below
	who    []uint32     // into names, or nobody
	names  []string     // people
	at     []int64      // where its picture begins in its part's file; 0 in a directory
	size   []uint32     // the picture's bytes there
	mark   []int32      // its landmarks' number, -1 for none

	points [][68][2]float32 // landmarks by number, unless they are in
	marks  *markFile

	meshes []*meshFile // by part, nil where it has none; nil before attachMeshes
	mesh   []int32     // of the face, its record's number there, -1 for none
}

// Flags of a face: the ending of its picture's name and whether its pose is
// known.
const (
	flagEnding uint8 = 0x0f
	flagPosed  uint8 = 0x10
)

// nobody says that it is not known who a face is.
const nobody = ^uint32(0)

// endings of pictures' names, by number.
var endings = []string{".bmp", ".jpg", ".jpeg", ".png"}

func (c *catalog) len() int { return len(c.frame) }

// add appends a face of the newest part.
func (c *catalog) add(r row, p place) {
	c.part = append(c.part, uint16(len(c.parts)-1))
	c.frame = append(c.frame, uint32(r.frame))
	c.face = append(c.face, r.face)
	c.labels = append(c.labels, r.labels)
	c.pose = append(c.pose, [3]float32{})
	c.flags = append(c.flags, p.ending)
	c.who = append(c.who, nobody)
	c.at = append(c.at, p.at)
	c.size = append(c.size, p.size)
	c.mark = append(c.mark, -1)
}

// replace puts another face of the same frame in the place of face i, of which no
// more is known yet.
func (c *catalog) replace(i int, r row, p place) {
	c.face[i], c.labels[i], c.flags[i], c.at[i], c.size[i] = r.face, r.labels, p.ending, p.at, p.size
}

// identity says who face i is: a name, or what no other face is called.
func (c *catalog) identity(i int) string {
	if w := c.who[i]; w != nobody {
		return c.names[w]
	}
	return c.parts[c.part[i]].name + "#" + strconv.Itoa(int(c.frame[i]))
}

// landmarks returns the 68 points of face i, nil when they are unknown.
func (c *catalog) landmarks(i int) (*[68][2]float32, error) {
	k := c.mark[i]
	switch {
	case k < 0:
		return nil, nil
	case c.marks != nil:
		return c.marks.read(int(k))
	}
	return &c.points[k], nil
}

// picture returns the file of face i's picture.
func (c *catalog) picture(i int) ([]byte, error) {
	p := c.parts[c.part[i]]
	if !p.shard {
		return c.root.readSmall(p.picture(c.frame[i], c.face[i], c.flags[i]&flagEnding))
	}
	f, err := p.open(c.root)
	if err != nil {
		return nil, err
	}
	b := make([]byte, c.size[i])
	if _, err := f.ReadAt(b, c.at[i]); err != nil {
		return nil, fmt.Errorf("shard %q: picture of frame %d: %w", p.name, c.frame[i], err)
	}
	return b, nil
}

// name says which picture face i is, for messages.
func (c *catalog) name(i int) string {
	p := c.parts[c.part[i]]
	return p.picture(c.frame[i], c.face[i], c.flags[i]&flagEnding)
}

// spot spreads people evenly over all numbers, by their names.
func spot(identity string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(identity))
	// FNV's upper bits hardly differ for names that end differently.
	z := h.Sum64()
	z = (z ^ z>>33) * 0xff51afd7ed558ccd
	return z ^ z>>33
}
