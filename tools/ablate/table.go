package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// measured is what the table takes of mien eval's report.
type measured struct {
	Faces  int `json:"faces"`
	Scores []struct {
		AU      string  `json:"au"`
		Gain    float64 `json:"gain"`
		R       float64 `json:"r"`
		MSE     float64 `json:"mse"`
		Leakage float64 `json:"leakage"`
	} `json:"scores"`
	Background float64 `json:"background_rmse"`
	Sharpness  float64 `json:"sharpness_ratio"`
	Frechet    float64 `json:"reader_frechet"`
	Floor      float64 `json:"reader_frechet_floor"`
	Identity   *struct {
		Cosine float64 `json:"cosine"`
	} `json:"identity"`
}

// writeTable writes OUT/table.md: a row for each variant, dashes for one that
// isn't made yet.
func writeTable(o options, chosen []variant) error {
	var b bytes.Buffer
	b.WriteString("| variant | gain | AU12 gain | r | mse | leakage | identity | background RMSE | sharpness | Frechet above floor | images/s |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, v := range chosen {
		dir := filepath.Join(o.Out, v.Name)
		m, err := readReport(report(dir))
		if errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(&b, "| %s | - | - | - | - | - | - | - | - | - | - |\n", v.About)
			continue
		}
		if err != nil {
			return err
		}
		speed, err := rate(filepath.Join(dir, "log.jsonl"))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "| %s | %s | %.1f |\n", v.About, m, speed)
	}
	fmt.Fprintf(&b, "\n%d steps of preset %s each, seed %d, then `mien eval --validation --alone --faces %d`: means over the 17 Action Units; identity is the cosine of photo and edit; images/s is training on this machine, by each phase's median step.\n",
		o.Steps, o.Preset, o.Seed, o.Faces)
	return os.WriteFile(filepath.Join(o.Out, "table.md"), b.Bytes(), 0o644)
}

// readReport reads the one report in a file of mien eval's.
func readReport(path string) (m measured, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	var all []measured
	if err := json.Unmarshal(b, &all); err != nil || len(all) != 1 || len(all[0].Scores) == 0 {
		return m, fmt.Errorf("%s: not one report of mien eval (%v); delete it and call again", path, err)
	}
	return all[0], nil
}

// String is the report's cells.
func (m measured) String() string {
	var gain, smile, r, mse, leak float64
	n := float64(len(m.Scores))
	for _, s := range m.Scores {
		gain, r, mse, leak = gain+s.Gain/n, r+s.R/n, mse+s.MSE/n, leak+s.Leakage/n
		if s.AU == "12" {
			smile = s.Gain
		}
	}
	identity, frechet := "-", "-"
	if m.Identity != nil {
		identity = fmt.Sprintf("%.3f", m.Identity.Cosine)
	}
	if m.Floor > 0 { // else there were too few faces
		frechet = fmt.Sprintf("%.2f", m.Frechet-m.Floor)
	}
	return fmt.Sprintf("%.2f | %.2f | %.2f | %.2f | %.2f | %s | %.4f | %.2f | %s", gain, smile, r, mse, leak, identity, m.Background, m.Sharpness, frechet)
}

// rate is images per second of a run log: all images over each phase's median
// step times its steps, so that pauses, restarts and saves don't count.
func rate(path string) (float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	type entry struct {
		Time   time.Time `json:"time"`
		Kind   string    `json:"kind"`
		Phase  string    `json:"phase"`
		Images int64     `json:"images"`
	}
	took := map[string][]float64{}
	var last entry
	var images int64
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		if e.Kind == "step" && last.Kind == "step" && e.Phase == last.Phase {
			took[e.Phase] = append(took[e.Phase], e.Time.Sub(last.Time).Seconds())
			images += e.Images - last.Images
		}
		last = e
	}
	seconds := 0.
	for _, t := range took {
		slices.Sort(t)
		seconds += t[len(t)/2] * float64(len(t))
	}
	if err := lines.Err(); err != nil || seconds == 0 {
		return 0, err
	}
	return float64(images) / seconds, nil
}
