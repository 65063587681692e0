package cpu

import (
	"slices"

	"mien/shared/plan"
)

// foldPads returns a plan in which convolutions (depthwise too) read pictures as they
// are before zeros were put around them, where nobody else reads those that have them:
// such a step's padding is then what lies above and to the left, and the extent of its
// result says what lies below and to the right. That is no plan for others: its steps
// break the shape rules.
func foldPads(p *plan.Plan) *plan.Plan {
	q := *p
	q.Steps = slices.Clone(p.Steps)
	maker, readers := make([]int, len(p.Values)), make([]int, len(p.Values))
	for i := range maker {
		maker[i] = -1
	}
	for i, s := range p.Steps {
		for _, v := range s.In {
			readers[v]++
		}
		for _, v := range s.Out {
			maker[v] = i
		}
	}
	for _, o := range p.Outputs {
		readers[o.Value]++
	}
	gone := make([]bool, len(p.Steps))
	for i, s := range p.Steps {
		if s.Kind != plan.Conv && s.Kind != plan.Depthwise {
			continue
		}
		x, before, pads := s.In[0], [3]int{}, []int(nil)
		for readers[x] == 1 && maker[x] >= 0 {
			k := maker[x]
			pad := p.Steps[k]
			if pad.Kind != plan.Pad || pad.Ints[0] != 1 && pad.Ints[0] != 2 || p.Values[pad.In[0]].Role == plan.State {
				break
			}
			before[pad.Ints[0]] += pad.Ints[1]
			pads, x = append(pads, k), pad.In[0]
		}
		if len(pads) == 0 || before[1] != before[2] {
			continue
		}
		for _, k := range pads {
			gone[k] = true
		}
		s.In, s.Ints = append([]int{x}, s.In[1:]...), []int{s.Ints[0], s.Ints[1] + before[1]}
		q.Steps[i] = s
	}
	kept := q.Steps[:0]
	for i, s := range q.Steps {
		if !gone[i] {
			kept = append(kept, s)
		}
	}
	q.Steps = kept
	return &q
}
