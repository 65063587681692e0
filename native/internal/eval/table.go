package eval

import (
	"fmt"
	"io"
	"strings"
)

// column is one of a table's, for a person or as Markdown.
type column struct {
	head string
	of   func(Score) float64
}

var editing = []column{
	{"gain", func(s Score) float64 { return s.Gain }},
	{"with room", func(s Score) float64 { return s.Room }},
	{"r", func(s Score) float64 { return s.R }},
	{"mse", func(s Score) float64 { return s.MSE }},
	{"leakage", func(s Score) float64 { return s.Leakage }},
}

var judging = []column{
	{"judge r", func(s Score) float64 { return s.JudgeR }},
	{"judge ICC", func(s Score) float64 { return s.JudgeICC }},
}

// rows are the table of reports on the same faces by the same judge, the first
// being what is measured and the others what it is compared with.
func rows(reports []Report) [][]string {
	head := []string{"AU"}
	for i, r := range reports {
		for _, c := range editing {
			name := c.head
			if i > 0 {
				name = r.Name + " " + name
			}
			head = append(head, name)
		}
	}
	for _, c := range judging {
		head = append(head, c.head)
	}
	table := [][]string{head}
	line := func(name string, score func(Report) Score) {
		cells := []string{name}
		for _, r := range reports {
			for _, c := range editing {
				cells = append(cells, fmt.Sprintf("%.2f", c.of(score(r))))
			}
		}
		for _, c := range judging {
			cells = append(cells, fmt.Sprintf("%.2f", c.of(score(reports[0]))))
		}
		table = append(table, cells)
	}
	for k, s := range reports[0].Scores {
		line(s.Code, func(r Report) Score { return r.Scores[k] })
	}
	line("mean", Report.Mean)
	return table
}

// Facts is what a report says beside its table, in a sentence.
func (r Report) Facts() string {
	s := fmt.Sprintf("%s: no change asked changes a byte by %d at most; background RMSE %.4f; cycle L1 %.4f; sharpness ratio %.2f",
		r.Name, r.Still, r.Background, r.Cycle, r.Sharpness)
	if r.Floor > 0 {
		s += fmt.Sprintf("; reader Frechet %.2f, %.2f above real against real (not comparable with distances of other features)", r.Frechet, r.Frechet-r.Floor)
	}
	if t := r.Together; t != nil {
		s += fmt.Sprintf("; edited to other people's expressions gain %.2f, mse %.2f", t.Gain, t.MSE)
	}
	if i := r.Identity; i != nil {
		s += fmt.Sprintf("; identity cosine %.3f, L2 %.3f (%s: two photos of one person %.3f, of two people %.3f; tells %.1f%% of %d pairs right)",
			i.Cosine, i.Distance, i.Embedder, i.Same, i.Other, 100*i.Accuracy, i.Pairs)
	}
	return s + "."
}

// Table writes reports on the same faces for a person to read.
func Table(w io.Writer, reports ...Report) {
	how := "each face asked for what moves it so far"
	if reports[0].Plain {
		how = "each face asked alike"
	}
	fmt.Fprintf(w, "%s on %d faces; changes 0 to %g in %d steps, %s\n\n", reports[0].Name, reports[0].Faces, Reach, Sweep, how)
	for _, line := range rows(reports) {
		for i, cell := range line {
			width := 10
			if i > len(editing) {
				width = 14
			}
			if i == 0 {
				width = -5
			}
			fmt.Fprintf(w, "%*s", width, cell)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for _, r := range reports {
		fmt.Fprintln(w, r.Facts())
	}
	for _, r := range reports {
		if r.Distances != nil {
			r.Distances.Table(w)
		}
	}
}

// Markdown writes reports on the same faces for weights/README.md.
func Markdown(w io.Writer, reports ...Report) {
	table := rows(reports)
	for i, line := range table {
		fmt.Fprintf(w, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(line)))
		}
	}
	for _, r := range reports {
		fmt.Fprintf(w, "\n%s\n", r.Facts())
	}
}
