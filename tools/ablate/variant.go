package main

import (
	"fmt"
	"slices"
	"strings"
)

// variant is one row of the table: the baseline with one choice turned.
type variant struct {
	Name  string   // of its folder
	About string   // of its row
	Flags []string // of mien train, beside the baseline's
	Drop  string   // a file that the baseline gets and this one doesn't: "reader" or "prior"
}

// variants are issue 5's choices that cost time or quality, each turned once.
var variants = []variant{
	{Name: "baseline", About: "baseline: fixed reader, relative, warp and paint, R1, averaged, intensities, prior"},
	{Name: "head", About: "the critic's own head reads Action Units, no fixed reader", Drop: "reader"},
	{Name: "absolute", About: "told what a face shall show, not the change", Flags: []string{"--absolute"}},
	{Name: "warp", About: "warp alone", Flags: []string{"--parts", "warp"}},
	{Name: "paint", About: "paint alone", Flags: []string{"--parts", "paint"}},
	{Name: "wgan-gp", About: "WGAN-GP instead of R1", Flags: []string{"--loss-type", "wgan-gp"}},
	{Name: "raw", About: "weights themselves, not their average", Flags: []string{"--raw"}},
	{Name: "attention", About: "self-attention in generator and critic", Flags: []string{"--attention"}},
	{Name: "presence", About: "labels say only whether an AU is there", Flags: []string{"--labels", "presence"}},
	{Name: "no-prior", About: "no teacher", Flags: []string{"--no-prior"}, Drop: "prior"},
	{Name: "au-0", About: "AU weight 0", Flags: []string{"--lambda-au", "0"}},
	{Name: "au-4", About: "AU weight 4", Flags: []string{"--lambda-au", "4"}},
	{Name: "au-20", About: "AU weight 20", Flags: []string{"--lambda-au", "20"}},
}

// choose returns the variants with the names in a list with commas, in the
// table's order; "" is all of them.
func choose(list string) ([]variant, error) {
	if list == "" {
		return variants, nil
	}
	wanted := strings.Split(list, ",")
	var chosen []variant
	var known []string
	for _, v := range variants {
		known = append(known, v.Name)
		if slices.Contains(wanted, v.Name) {
			chosen = append(chosen, v)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("variant %q: unknown, know %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// train is the command line of mien that trains the variant in its folder.
func (v variant) train(o options, dir string) []string {
	args := []string{"train", "--preset", o.Preset, "--data", o.Data, "--out", dir, "--steps", fmt.Sprint(o.Steps),
		"--every", fmt.Sprint(o.Steps), "--seed", fmt.Sprint(o.Seed), "--device", o.Device, "--resume"}
	if o.Prior != "" && v.Drop != "prior" {
		args = append(args, "--prior", o.Prior)
	}
	if o.Reader != "" && v.Drop != "reader" {
		args = append(args, "--reader", o.Reader)
	}
	return append(args, v.Flags...)
}

// judge is the command line of mien that measures what the variant has become
// on people that training left out.
func (v variant) judge(o options, dir string) []string {
	return []string{"eval", "--model", weights(o, dir), "--data", o.Data, "--validation", "--alone", "--per-emotion", "0",
		"--faces", fmt.Sprint(o.Faces), "--device", o.Device, "--json", report(dir)}
}
