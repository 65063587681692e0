package rig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mien/shared/au"
	"mien/shared/model"
	"mien/shared/tensor"
)

const (
	keyKind = "mien.kind"
	keyAUs  = "mien.aus"
)

// Pack returns the rig as a file. licence and data, what it was fitted on, are
// words for people.
func (r *Rig) Pack(licence, data string) *model.File {
	p := &r.parts
	f := &model.File{
		Meta: map[string]string{keyKind: model.KindRig, keyAUs: strings.Join(au.Codes(), " "), "mien.preset": model.KindRig, "mien.step": "0",
			"mien.size": strconv.Itoa(FoldSize), "mien.licence": licence, "mien.data": data},
		Tensors: map[string]*tensor.Tensor{},
	}
	put := func(name string, shape tensor.Shape, value func(i int) float32) {
		t := tensor.New(shape...)
		for i := range t.Data {
			t.Data[i] = value(i)
		}
		f.Tensors[name] = t
	}
	put("rest", tensor.Shape{Points, 3}, func(i int) float32 { return p.Rest[i/3][i%3] })
	put("motion", tensor.Shape{au.Count, 2, Points, 3}, func(i int) float32 {
		return p.Motion[i/(6*Points)][i/(3*Points)%2][i/3%Points][i%3]
	})
	put("identity", tensor.Shape{len(p.Identity), Points, 3}, func(i int) float32 { return p.Identity[i/(3*Points)][i/3%Points][i%3] })
	put("noise", tensor.Shape{Points, 3}, func(i int) float32 { return p.Noise[i/3][i%3] })
	put("still", tensor.Shape{Points}, func(i int) float32 { return p.Still[i] })
	put("usual", tensor.Shape{au.Count}, func(i int) float32 { return p.Usual[i] })
	put("curve", tensor.Shape{au.Count}, func(i int) float32 { return p.Curve[i] })
	put("mirror", tensor.Shape{Points}, func(i int) float32 { return float32(p.Mirror[i]) })
	if len(p.Folds) > 0 {
		put("folds", tensor.Shape{au.Count, FoldSize, FoldSize}, func(i int) float32 { return p.Folds[i] })
	}
	return f
}

// Load makes a rig of a file that Pack wrote, with all it says checked.
func Load(f *model.File) (*Rig, error) {
	r, err := load(f)
	if err != nil {
		return nil, fmt.Errorf("load rig: %w", err)
	}
	return r, nil
}

func load(f *model.File) (*Rig, error) {
	if k := f.Meta[keyKind]; k != model.KindRig {
		return nil, fmt.Errorf("%s is %q, want %q", keyKind, k, model.KindRig)
	}
	if have, want := f.Meta[keyAUs], strings.Join(au.Codes(), " "); have != want {
		return nil, fmt.Errorf("action units %q, want %q", have, want)
	}
	known := 0
	get := func(name string, want tensor.Shape) ([]float32, error) {
		t := f.Tensors[name]
		if t == nil {
			return nil, fmt.Errorf("no tensor %q", name)
		}
		if !t.Shape.Equal(want) {
			return nil, fmt.Errorf("tensor %q has shape %v, want %v", name, t.Shape, want)
		}
		known++
		return t.Data, nil
	}
	var errs []error
	must := func(name string, shape ...int) []float32 {
		data, err := get(name, shape)
		if err != nil {
			errs = append(errs, err)
		}
		return data
	}
	people := 0
	if t := f.Tensors["identity"]; t != nil && len(t.Shape) == 3 && t.Shape[0] <= MaxIdentity {
		people = t.Shape[0]
	}
	rest, motion := must("rest", Points, 3), must("motion", au.Count, 2, Points, 3)
	identity, noise := must("identity", people, Points, 3), must("noise", Points, 3)
	still, usual, curve, mirror := must("still", Points), must("usual", au.Count), must("curve", au.Count), must("mirror", Points)
	p := Parts{}
	if f.Tensors["folds"] != nil {
		p.Folds = must("folds", au.Count, FoldSize, FoldSize)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if known != len(f.Tensors) {
		return nil, fmt.Errorf("%d tensors, know %d of them", len(f.Tensors), known)
	}
	triple := func(t []float32, i int) [3]float32 { return [3]float32(t[3*i : 3*i+3]) }
	p.Identity = make([][Points][3]float32, people)
	for i := range Points {
		p.Rest[i], p.Noise[i], p.Still[i] = triple(rest, i), triple(noise, i), still[i]
		if v := mirror[i]; !(v >= 0 && v < Points) || v != float32(int(v)) {
			return nil, fmt.Errorf("mirror of point %d: %g, want a whole number below %d", i, v, Points)
		}
		p.Mirror[i] = uint16(mirror[i])
		for k := range people {
			p.Identity[k][i] = triple(identity, k*Points+i)
		}
		for a := range au.Count {
			for side := range 2 {
				p.Motion[a][side][i] = triple(motion, (2*a+side)*Points+i)
			}
		}
	}
	copy(p.Usual[:], usual)
	copy(p.Curve[:], curve)
	return New(p)
}
