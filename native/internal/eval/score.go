package eval

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"mien/shared/au"
)

// leastSlope keeps a judge that hardly sees an AU from making a large gain of
// nothing.
const leastSlope = .1

// Score is what edits of one Action Unit come to.
type Score struct {
	Code string `json:"au"`
	// Gain is the slope of read on asked within a face, over the judge's own
	// slope of read on labelled: 1 where the face moves as far as asked.
	Gain float64 `json:"gain"`
	// Room is Gain on the faces that show less than 1 of the AU, Rooms how many
	// they are: who smiles broadly already cannot smile by 3 more.
	Room  float64 `json:"gain_with_room"`
	Rooms int     `json:"faces_with_room"`
	// R is Pearson's correlation of asked and read change, pooled over faces.
	R float64 `json:"r"`
	// MSE is the mean square difference of asked and read change, the read one
	// over the judge's own slope.
	MSE float64 `json:"mse"`
	// Leakage is the mean absolute change of the 16 AUs that nobody asked for,
	// over that of the asked one.
	Leakage float64 `json:"leakage"`
	// JudgeR is Pearson's correlation of read and labelled on the unedited faces,
	// JudgeICC their agreement, ICC(3,1) of Shrout and Fleiss (1979): how far the
	// judge can be trusted.
	JudgeR   float64 `json:"judge_r"`
	JudgeICC float64 `json:"judge_icc"`
	// JudgeSlope is the slope of read on labelled.
	JudgeSlope float64 `json:"judge_slope"`
}

// Report is an evaluation.
type Report struct {
	Name   string  `json:"model"`
	Faces  int     `json:"faces"`
	Plain  bool    `json:"plain"` // whether each face was asked alike, see edit.Editor
	Scores []Score `json:"scores"`
	// Still is the largest change of a byte when nothing is asked.
	Still int `json:"zero_edit_error"`
	// Background is the root mean square change in the outer tenth of the crop,
	// without the chin, of 0 to 1, at the largest change.
	Background float64 `json:"background_rmse"`
	// Cycle is the mean absolute difference, of 0 to 1, between a photo and what
	// comes of it when the largest change is made and then taken back.
	Cycle float64 `json:"cycle_l1"`
	// Sharpness is the edited pictures' high frequencies over the photos'.
	Sharpness float64 `json:"sharpness_ratio"`
	// Frechet is the distance of the judge's features between real faces and
	// edits of other people to real faces' expressions, the mean of both halves of
	// the faces edited; Floor is that between the two halves unedited; both 0 on too
	// few faces. Not the FID: another network, another number.
	Frechet float64 `json:"reader_frechet"`
	Floor   float64 `json:"reader_frechet_floor"`
	// Together is what edits to other people's expressions come to, all Action Units at
	// once; nil on too few faces.
	Together *Together `json:"together,omitempty"`
	// Distances compares edited faces with real ones, emotion by emotion.
	Distances *Distances `json:"distances,omitempty"`
	// Identity is nil without an embedder.
	Identity *Identity `json:"identity,omitempty"`
}

// Together is how faces move where all Action Units are asked for at once.
type Together struct {
	// Gain is the slope through 0 of read on asked change, the read one over the judge's
	// own slope, and MSE the mean square of their difference: both are means over the
	// Action Units.
	Gain float64 `json:"gain"`
	MSE  float64 `json:"mse"`
}

// together scores faces that were edited to others' expressions.
func together(made []transfer, own judged) *Together {
	var t Together
	for k := range au.Units {
		scale := math.Max(own.slope[k], leastSlope)
		var both, square float64
		for _, m := range made {
			asked, moved := float64(m.asked[k]), float64(m.moved[k])/scale
			t.MSE += (moved - asked) * (moved - asked) / float64(len(made)*au.Count)
			both += asked * moved
			square += asked * asked
		}
		if square > 0 {
			t.Gain += both / square / au.Count
		}
	}
	return &t
}

// Identity tells whether people stay who they are, by an embedding of faces.
type Identity struct {
	Embedder string `json:"embedder"`
	// Accuracy is the share of pairs of photos, half of them of one person, that
	// the embedder tells right at its best threshold.
	Accuracy float64 `json:"verification_accuracy"`
	Pairs    int     `json:"verification_pairs"`
	Cosine   float64 `json:"cosine"` // of a photo's and its edits' embeddings
	Distance float64 `json:"l2"`     // between them; embeddings have length 1
	Same     float64 `json:"same_person_cosine"`
	Other    float64 `json:"other_person_cosine"`
}

// Mean is the mean score over the Action Units.
func (r Report) Mean() (m Score) {
	n := float64(len(r.Scores))
	for _, s := range r.Scores {
		m.Gain += s.Gain / n
		m.Room += s.Room / n
		m.R += s.R / n
		m.MSE += s.MSE / n
		m.Leakage += s.Leakage / n
		m.JudgeR += s.JudgeR / n
		m.JudgeICC += s.JudgeICC / n
		m.JudgeSlope += s.JudgeSlope / n
	}
	return m
}

// judged is the judge on unedited faces, per Action Unit.
type judged struct{ slope, r, icc [au.Count]float64 }

func (r *Report) add(results []*result, own judged) {
	for k, u := range au.Units {
		s := Score{Code: u.Code, JudgeR: own.r[k], JudgeICC: own.icc[k], JudgeSlope: own.slope[k]}
		scale := math.Max(own.slope[k], leastSlope)
		var asked, read []float64
		var slope, wanted, unwanted float64
		for _, res := range results {
			var x, y []float64
			for i := range Sweep {
				x = append(x, Reach*float64(i)/(Sweep-1))
				y = append(y, float64(res.read[k][i][k]-res.read[k][0][k]))
				off := y[i]/scale - x[i]
				s.MSE += off * off / float64(Sweep*len(results))
			}
			_, b := stat.LinearRegression(x, y, nil, false)
			slope += b / float64(len(results))
			if res.read[k][0][k] < 1 {
				s.Room += b / scale
				s.Rooms++
			}
			asked, read = append(asked, x...), append(read, y...)
			for j := range au.Units {
				by := math.Abs(float64(res.read[k][Sweep-1][j] - res.read[k][0][j]))
				if j == k {
					wanted += by
				} else {
					unwanted += by / (au.Count - 1)
				}
			}
		}
		s.Gain = slope / scale
		s.Room /= math.Max(float64(s.Rooms), 1)
		if s.R = stat.Correlation(asked, read, nil); math.IsNaN(s.R) {
			s.R = 0 // nothing moved
		}
		s.Leakage = unwanted / math.Max(wanted, 1e-6)
		r.Scores = append(r.Scores, s)
	}
	var photo, edited float64
	n := float64(len(results))
	for _, res := range results {
		r.Still = max(r.Still, res.still)
		r.Background += res.background / n
		r.Cycle += res.cycle / n
		photo, edited = photo+res.sharp[0], edited+res.sharp[1]
		if r.Identity != nil {
			r.Identity.Cosine += res.cosine / n
			r.Identity.Distance += res.distance / n
		}
	}
	r.Background = math.Sqrt(r.Background)
	r.Sharpness = edited / photo
}

// icc31 is the agreement of two raters of the same faces whose levels may
// differ: ICC(3,1), Shrout and Fleiss, Intraclass correlations (1979).
func icc31(a, b []float64) float64 {
	n := float64(len(a))
	ma, mb := stat.Mean(a, nil), stat.Mean(b, nil)
	grand := (ma + mb) / 2
	var between, total float64
	for i := range a {
		m := (a[i] + b[i]) / 2
		between += 2 * (m - grand) * (m - grand)
		total += (a[i]-grand)*(a[i]-grand) + (b[i]-grand)*(b[i]-grand)
	}
	raters := n * ((ma-grand)*(ma-grand) + (mb-grand)*(mb-grand))
	bms, ems := between/(n-1), (total-between-raters)/(n-1)
	if bms+ems == 0 {
		return 0
	}
	return (bms - ems) / (bms + ems)
}
