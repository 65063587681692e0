package prior

import (
	"fmt"
	"strconv"
	"strings"

	"mien/shared/au"
	"mien/shared/model"
	"mien/shared/tensor"
)

// licence of a prior's file: pictures of people went into its shading.
const licence = "research only"

// IsFile reports whether f is a prior's.
func IsFile(f *model.File) bool { return f.Meta["mien.kind"] == model.KindPrior }

// Encode returns the prior as a safetensors file.
func (p *Prior) Encode() ([]byte, error) {
	mean := tensor.New(68, 2)
	for i, q := range p.mean {
		mean.Data[2*i], mean.Data[2*i+1] = q[0], q[1]
	}
	f := &model.File{Meta: map[string]string{"mien.kind": model.KindPrior, "mien.preset": model.KindPrior,
		"mien.size": strconv.Itoa(side), "mien.step": "0", "mien.licence": licence, "mien.aus": strings.Join(au.Codes(), " ")},
		Tensors: map[string]*tensor.Tensor{"mean": mean, "shading": tensor.Of(p.shading, au.Count, side, side, 3)}}
	b, err := f.Encode()
	if err != nil {
		return nil, fmt.Errorf("write prior: %w", err)
	}
	return b, nil
}

// Decode reads what Encode wrote.
func Decode(b []byte) (*Prior, error) {
	f, err := model.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("read prior: %w", err)
	}
	if f.Meta["mien.kind"] != model.KindPrior {
		return nil, fmt.Errorf("read prior: mien.kind is %q, want %q", f.Meta["mien.kind"], model.KindPrior)
	}
	mean, shading := f.Tensors["mean"], f.Tensors["shading"]
	for _, t := range []struct {
		name  string
		value *tensor.Tensor
		want  tensor.Shape
	}{{"mean", mean, tensor.Shape{68, 2}}, {"shading", shading, tensor.Shape{au.Count, side, side, 3}}} {
		if t.value == nil {
			return nil, fmt.Errorf("read prior: no tensor %q", t.name)
		}
		if !t.value.Shape.Equal(t.want) {
			return nil, fmt.Errorf("read prior: tensor %q has shape %v, want %v", t.name, t.value.Shape, t.want)
		}
	}
	p := &Prior{shading: shading.Data}
	for i := range p.mean {
		p.mean[i] = [2]float32{mean.Data[2*i], mean.Data[2*i+1]}
	}
	return p, nil
}
