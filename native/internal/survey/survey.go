// Package survey says what is in a data set: how often Action Units show, which
// come together, how many people there are, and what faces look like.
package survey

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"mien/native/internal/dataset"
	"mien/shared/au"
)

// Bins of an Action Unit's histogram: 0 to au.Max in steps of half an intensity.
const Bins = 2 * au.Max

// shows is the intensity from which an Action Unit counts as shown together
// with another: FACS knows traces from 1 on.
const shows = 1

// Unit is what a data set has of one Action Unit.
type Unit struct {
	Code      string           `json:"au"`
	Mean      float64          `json:"mean"`
	Max       float32          `json:"max"`
	AtLeast   [au.Max]int      `json:"at_least"`  // faces at 1, 2, 3, 4, 5 or more
	Histogram [Bins]int        `json:"histogram"` // faces by half intensities
	With      [au.Count]*Share `json:"with"`      // of those that show it, how many show another; nil when none shows it
}

// Share is how many of the faces that show one Action Unit show another too.
type Share float64

// Emotion counts faces that show all Action Units of an emotion, at half an
// intensity or more, as metric.Emotions wants them.
type Emotion struct {
	Name  string `json:"emotion"`
	Faces int    `json:"faces"`
}

// Report is what a data set has.
type Report struct {
	Tables   dataset.Report `json:"tables"`
	Columns  string         `json:"columns"`
	Faces    int            `json:"faces"`
	People   int            `json:"people"`
	PerFaces map[string]int `json:"people_by_faces"` // "1", "2", "3-5", "6-10", "more" -> people
	Most     int            `json:"most_faces_of_one"`
	Posed    int            `json:"posed"` // faces whose pose is known
	Turn     [3]float64     `json:"turn"`  // deviation of their rotations around x, y, z, radians
	Units    []Unit         `json:"units"`
	Emotions []Emotion      `json:"emotions"`
}

// Of surveys the faces of a set; the pictures are not looked at.
func Of(ctx context.Context, s *dataset.Set) (Report, error) {
	r := Report{Faces: s.Len(), PerFaces: map[string]int{}}
	people := map[string]int{}
	var sums [au.Count]float64
	var shown [au.Count][au.Count]int
	r.Units = make([]Unit, au.Count)
	var squares [3]float64
	counts := make([]int, len(au.Emotions))
	for i := range s.Len() {
		if i%4096 == 0 && ctx.Err() != nil {
			return r, ctx.Err()
		}
		people[s.Identity(i)]++
		if p, ok := s.Pose(i); ok {
			r.Posed++
			for k, v := range p {
				squares[k] += float64(v) * float64(v)
			}
		}
		labels := s.Labels(i)
		for k, v := range labels {
			u := &r.Units[k]
			sums[k] += float64(v)
			u.Max = max(u.Max, v)
			u.Histogram[min(max(int(v*2), 0), Bins-1)]++
			for at := range u.AtLeast {
				if v >= float32(at+1) {
					u.AtLeast[at]++
				}
			}
			if v >= shows {
				for j, w := range labels {
					if w >= shows {
						shown[k][j]++
					}
				}
			}
		}
		for n, e := range au.Emotions {
			all := true
			for k, least := range e.Vector(.5) {
				all = all && labels[k] >= least
			}
			if all {
				counts[n]++
			}
		}
	}
	for k := range r.Units {
		u := &r.Units[k]
		u.Code = au.Units[k].Code
		u.Mean = sums[k] / float64(max(s.Len(), 1))
		for j := range u.With {
			if own := shown[k][k]; own > 0 {
				share := Share(float64(shown[k][j]) / float64(own))
				u.With[j] = &share
			}
		}
	}
	for n, e := range au.Emotions {
		r.Emotions = append(r.Emotions, Emotion{e.Name, counts[n]})
	}
	for k := range r.Turn {
		r.Turn[k] = math.Sqrt(squares[k] / float64(max(r.Posed, 1)))
	}
	r.People = len(people)
	for _, n := range people {
		r.Most = max(r.Most, n)
		r.PerFaces[group(n)]++
	}
	return r, nil
}

// groups of people by their faces, in the order in which they are shown.
var groups = []string{"1", "2", "3-5", "6-10", "more"}

func group(n int) string {
	switch {
	case n <= 2:
		return groups[n-1]
	case n <= 5:
		return groups[2]
	case n <= 10:
		return groups[3]
	}
	return groups[4]
}

// Text writes the report for a person.
func (r Report) Text(w io.Writer) {
	fmt.Fprintf(w, "%s\n%d people", r.Tables, r.People)
	for _, g := range groups {
		if n := r.PerFaces[g]; n > 0 {
			fmt.Fprintf(w, ", %d with %s", n, g)
		}
	}
	fmt.Fprintf(w, " faces (at most %d)\n", r.Most)
	if r.Posed > 0 {
		fmt.Fprintf(w, "heads turn by %.0f, %.0f and %.0f degrees around x, y and z (deviation, %d faces)\n",
			r.Turn[0]*180/math.Pi, r.Turn[1]*180/math.Pi, r.Turn[2]*180/math.Pi, r.Posed)
	}
	fmt.Fprintf(w, "\n%-6s %-*s %6s %6s %8s %8s %8s %8s\n", "AU", Bins, "0..5", "mean", "max", ">=1", ">=2", ">=3", ">=4")
	for _, u := range r.Units {
		fmt.Fprintf(w, "AU%-4s %s %6.2f %6.2f %8d %8d %8d %8d\n", u.Code, bars(u.Histogram[:]), u.Mean, u.Max, u.AtLeast[0], u.AtLeast[1], u.AtLeast[2], u.AtLeast[3])
	}
	fmt.Fprintf(w, "\nof 100 faces that show an AU (row, 1 or more), so many show another\n\n      ")
	for _, u := range r.Units {
		fmt.Fprintf(w, " %4s", u.Code)
	}
	fmt.Fprintln(w)
	for _, u := range r.Units {
		fmt.Fprintf(w, "AU%-4s", u.Code)
		for _, s := range u.With {
			if s == nil {
				fmt.Fprintf(w, " %4s", "-")
			} else {
				fmt.Fprintf(w, " %4.0f", 100*float64(*s))
			}
		}
		fmt.Fprintln(w)
	}
	var emotions []string
	for _, e := range r.Emotions {
		emotions = append(emotions, fmt.Sprintf("%s %d", e.Name, e.Faces))
	}
	fmt.Fprintf(w, "\nfaces of an emotion (all its AUs at .5 or more): %s\n", strings.Join(emotions, ", "))
}

// bars draws a histogram in a line; the logarithm, because most faces rest.
func bars(counts []int) string {
	const levels = " ▁▂▃▄▅▆▇█"
	top := 1
	for _, n := range counts {
		top = max(top, n)
	}
	var b strings.Builder
	for _, n := range counts {
		level := 0
		if n > 0 {
			level = 1 + int(math.Round(7*math.Log1p(float64(n))/math.Log1p(float64(top))))
		}
		b.WriteRune([]rune(levels)[level])
	}
	return b.String()
}
