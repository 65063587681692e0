package train

import (
	"fmt"
	"sort"

	"mien/native/internal/dataset"
	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/au"
)

const (
	crowdSize  = 1024 // people that an embedder is taught to tell apart, at most
	leastPhoto = 3    // of each of them
	sharpness  = 16   // of the softmax over cosines
)

// crowd is the faces of the people of whom a source has the most, at least
// leastPhoto each.
type crowd struct {
	dataset.Source
	faces  []int // in Source
	person []int // of each, 0 to crowdSize-1
}

// newCrowd picks the people.
func newCrowd(source dataset.Source) (*crowd, error) {
	byName := map[string][]int{}
	for i := range source.Len() {
		if _, _, _, who, err := source.Sample(i); err == nil {
			byName[who] = append(byName[who], i)
		}
	}
	var names []string
	for who, faces := range byName {
		if len(faces) >= leastPhoto {
			names = append(names, who)
		}
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := len(byName[names[i]]), len(byName[names[j]])
		return a > b || a == b && names[i] < names[j]
	})
	if len(names) < 2 {
		return nil, fmt.Errorf("%d people are there %d times: an embedder needs two at least", len(names), leastPhoto)
	}
	c := &crowd{Source: source}
	for k, who := range names[:min(len(names), crowdSize)] {
		for _, i := range byName[who] {
			c.faces, c.person = append(c.faces, i), append(c.person, k)
		}
	}
	return c, nil
}

// Len, Sample and Labels are those of the crowd's faces.
func (c *crowd) Len() int { return len(c.faces) }

func (c *crowd) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	return c.Source.Sample(c.faces[i])
}

func (c *crowd) Labels(i int) au.Vector { return c.Source.Labels(c.faces[i]) }

// oneHot is which of the crowd face i is.
func (c *crowd) oneHot(i int) []float32 {
	v := make([]float32, crowdSize)
	v[c.person[i]] = 1
	return v
}

// identity builds one step of an embedder: the cross entropy of whose photo it
// is, by the cosine of its code and each person's (Wang et al.: NormFace, 2017).
// Inputs: photo [B S S 3], person [B crowdSize], dropout [B Features].
func identity(p Preset, seed uint64) (*step, error) {
	s := newStep()
	g, b, size := s.g, p.Batch, p.Size()
	photo, person := s.input("photo", b, size, size, 3), s.input("person", b, crowdSize)
	scope := net.NewScope(g, "embedder")
	code := p.Embedder.Apply(scope, photo, true, s.input("dropout", b, p.Embedder.Trunk.Features()))
	people := net.NewScope(g, "people")
	centres := people.Centres("centres", p.Embedder.Dim, crowdSize)
	logits := g.Affine(g.MatMul(code, centres, false, false), sharpness, 0)
	own := g.SumTo(g.Mul(logits, person), b, 1)
	// Cosines are bounded, so the sum of exponentials is, too.
	loss := g.Mean(g.Sub(g.Log(g.SumTo(g.Exp(logits), b, 1)), own))
	s.outputs["identity"] = loss
	trained := append(nodes(scope), nodes(people)...)
	grads, err := g.Grad(loss, trained...)
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	ok := g.Finite(append([]graph.Node{loss}, grads...)...)
	s.outputs["ok"] = ok
	n := len(nodes(scope))
	s.adam("embedder", scope, grads[:n], ok, p, seed, true)
	s.adam("people", people, grads[n:], ok, p, seed, false)
	return s, nil
}
