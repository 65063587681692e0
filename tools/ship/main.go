// Command ship puts a trained model file into weights/, in half precision, and
// into the manifest:
//
//	go run ./tools/ship -in runs/mien/weights/step-020000.safetensors -name mien.safetensors -data "..."
package main

import (
	"flag"
	"fmt"
	"os"

	"mien/shared/au"
	"mien/shared/model"
	"mien/weights"
)

func main() {
	in := flag.String("in", "", "model file that mien train wrote")
	name := flag.String("name", "", "file name in weights/")
	data := flag.String("data", "", "what it was trained on")
	licence := flag.String("licence", "non-commercial research", "of the weights")
	role := flag.String("role", "", "what the file is for, where its kind does not say: judge, a reader that only mien eval uses")
	asked := flag.String("ask", "", "how many times as much a generator is asked of Action Units, as in 02=1.2,06=1.4")
	with := flag.String("with", "", "model file of the same network to mix in")
	part := flag.Float64("part", .5, "how much of the weights -with is")
	slopes := flag.String("slopes", "", "how far a reader moves for a unit of labelled intensity, as in 01=.5,02=.6 for all Action Units: judge_slope of mien eval --reader FILE --validation --json")
	flag.Parse()
	factors, err := au.Parse(*asked)
	var moves au.Vector
	if err == nil {
		moves, err = au.Parse(*slopes)
	}
	if err == nil {
		err = ship(options{*in, *name, *data, *licence, *role, *with, *part, factors, moves})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	in, name, data, licence, role, with string
	part                                float64
	factors, slopes                     au.Vector
}

func ship(o options) error {
	b, err := os.ReadFile(o.in)
	if err != nil {
		return err
	}
	f, err := model.Decode(b)
	if err != nil {
		return err
	}
	if o.with != "" {
		if err := mix(f, o.with, o.part); err != nil {
			return err
		}
	}
	if !o.factors.IsZero() {
		if err := ask(f, o.factors); err != nil {
			return err
		}
	}
	if !o.slopes.IsZero() {
		if err := f.SetSlopes(o.slopes); err != nil {
			return err
		}
	}
	f.Meta["mien.licence"] = o.licence
	if b, err = f.EncodeHalf(); err != nil {
		return err
	}
	info, err := f.Info()
	if err != nil {
		return err
	}
	kind := info.Kind
	if o.role != "" {
		kind = o.role
	}
	return weights.Put("weights", weights.Entry{Name: o.name, Kind: kind, Preset: info.Preset, Step: &info.Step, Size: info.Size,
		Data: o.data, Licence: o.licence}, b)
}
