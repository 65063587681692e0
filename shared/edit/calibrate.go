package edit

import (
	"context"
	"fmt"
	"math"

	"mien/shared/au"
)

// tries are the changes by which an Action Unit is tried on a face, in units of
// intensity.
var tries = [...]float32{2, 4}

const (
	// leastGain and mostGain bound what a face is asked for, in parts of what the
	// user asked: past them the reader is more likely wrong than the generator.
	leastGain = .7
	mostGain  = 1.4
	// trust is how much of what the reader says is lacking is asked for, as the
	// exponent of the ratio.
	trust = .7
	// flattest is how many times less than it should a face may move past the first
	// try; one that hardly moves any more would have a slider rush.
	flattest = 3
	// alone is how much is asked of a face in all while each Action Unit may be asked
	// for all that it lacks. They are tried one by one: several that pull at the same
	// skin, each made stronger, come to a grimace.
	alone = 3
)

// furthest is what an Action Unit is told where it is asked for au.Max, if that is less.
// Told as much of it as readers miss, pressed lips curl up at their corners and are read as
// less pressed, and corners pulled down are a caricature (weights/README.md).
var furthest = map[int]float32{au.Index("15"): 3, au.Index("23"): 3}

// knee is the part of furthest up to which nothing is held back.
const knee = .8

// within holds what Action Unit i is told to the scale, and softly to furthest: a slider
// moves the face to its end.
func within(i int, v float32) float32 {
	v = min(max(v, -au.Max), au.Max)
	most, ok := furthest[i]
	if from := knee * most; ok && v > from {
		v = from + (v-from)*(most-from)/(au.Max-from)
	}
	return v
}

// answer is how far the reader sees a face move in one Action Unit, at each of
// tries; it rises from one to the next, or what comes after is left out.
type answer struct {
	known bool
	at    []float32 // of tries
	moved []float32
	falls bool // past the last of them a larger change is read as a smaller one
	// brings is how far all Action Units are seen to move at the first of tries.
	brings au.Vector
}

// answers are those of one face to one generator.
type answers struct {
	version int
	of      [au.Count]answer
}

// calibrate returns what to tell the generator, so that a change moves this face as
// far as any other. A generator moves one face by all that was asked and the next,
// with a fringe or glasses or turned away, by half. How far, a reader says that
// learnt from other people than the judge: on 40 people in validation the two agree
// on it at r .64 to .93, whichever the Action Unit (weights/README.md). So each is
// tried on each face, once, when it is first asked for.
//
// Where several are asked for, a part of what one brings of another (see among) is not
// asked for again: a jaw that drops parts the lips. What works against another, as brows
// lowered and raised at once, is asked for more. Then a few are told less or more than
// that (see company).
//
// What is taken back is asked for as it is but for that: how far it can go the face
// itself says. Some are told no more than a face takes (see furthest).
func (e *Editor) calibrate(ctx context.Context, s *subject, change au.Vector) (au.Vector, error) {
	if e.Plain || e.reader == nil {
		return change, nil
	}
	slopes := e.reader.Info().Slopes
	if slopes.IsZero() {
		return change, nil
	}
	var asked []int
	total := float32(0)
	for i, v := range change {
		if v != 0 {
			asked = append(asked, i)
		}
		total += max(v, 0)
	}
	if len(asked) == 1 && total == 0 {
		return change, nil // taken back, and nothing else brings any of it
	}
	var of [au.Count]answer
	for _, i := range asked {
		var err error
		if of[i], err = e.answer(ctx, s, i); err != nil {
			return change, err
		}
	}
	share := min(alone/total, 1)
	told := change
	for range passes {
		last := told
		for _, i := range asked {
			v := change[i] * left(i, change[i]*slopes[i], last, of)
			if v > 0 {
				gain := of[i].gain(v, slopes[i])
				if gain > 1 {
					gain = 1 + (gain-1)*share
				}
				v *= gain
			}
			told[i] = within(i, v)
		}
	}
	for _, i := range asked {
		told[i] = min(max(told[i]*beside(change, i), -au.Max), au.Max)
	}
	return told, nil
}

// answer is that of the face of s to Action Unit i, which is tried the first time.
func (e *Editor) answer(ctx context.Context, s *subject, i int) (answer, error) {
	version := e.swap.Version()
	if a := s.answer(version, i); a.known {
		return a, nil
	}
	a := answer{known: true}
	top := float32(0)
	for _, by := range tries {
		var try au.Vector
		try[i] = by
		f, err := e.swap.Field(ctx, s.crop, s.read, try)
		if err != nil {
			return a, err
		}
		seen, err := e.readUnder(ctx, s, f)
		if err != nil {
			return a, fmt.Errorf("try action unit %s: %w", au.Units[i].Code, err)
		}
		if by == tries[0] {
			a.brings = seen.Sub(s.read)
		}
		moved := seen[i] - s.read[i]
		if a.falls = moved <= top; !a.falls {
			a.at, a.moved, top = append(a.at, by), append(a.moved, moved), moved
		}
	}
	s.setAnswer(version, i, a)
	return a, nil
}

// gain is by how much more than v a face that answers so is asked for, so that it
// is read to move by slope times v.
func (a answer) gain(v, slope float32) float32 {
	if len(a.at) == 0 {
		return 1 // the reader is blind to it here
	}
	want := v * slope
	var u, r float32 // where the line so far ends
	var ask float32
	for i := range a.at {
		rise := a.moved[i] - r
		if i > 0 {
			rise = max(rise, slope*(a.at[i]-u)/flattest)
		}
		ask = u + (a.at[i]-u)*(want-r)/rise
		if want <= a.moved[i] {
			break
		}
		u, r = a.at[i], a.moved[i]
	}
	if a.falls {
		ask = min(ask, a.at[len(a.at)-1])
	}
	return min(max(float32(math.Pow(float64(ask/v), trust)), leastGain), mostGain)
}

// answer is the one on record, if it is of that version of the generator.
func (s *subject) answer(version, i int) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers.version != version {
		return answer{}
	}
	return s.answers.of[i]
}

func (s *subject) setAnswer(version, i int, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers.version != version {
		s.answers = answers{version: version}
	}
	s.answers.of[i] = a
}
