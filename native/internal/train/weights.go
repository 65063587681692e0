package train

import (
	"fmt"
	"strings"

	"mien/native/internal/net"
	"mien/shared/model"
)

// Export makes the model file of a preset's network from training states: the
// averaged weights, and the network's own statistics.
func Export(p Preset, step int, licence string, states map[string][]float32) (*model.File, error) {
	values := map[string][]float32{}
	for name, data := range states {
		if _, averaged := states["ema/"+name]; !averaged {
			values[name] = data
		}
		if own, ok := strings.CutPrefix(name, "ema/"); ok {
			values[own] = data
		}
	}
	info := model.Info{Preset: p.Name, Step: step, Licence: licence}
	switch {
	case p.IsReader():
		return p.Reader.Export(info, values)
	case p.Embeds():
		return p.Embedder.Export(info, values)
	case p.Fills():
		return p.Mouth.Export(info, values)
	case p.Paints():
		return p.Painter.Export(info, values)
	}
	return p.Generator.Export(info, values)
}

// readerOf recovers shape and weights of an AU reader from its model file, to
// build it into a training graph.
func readerOf(f *model.File) (*net.Reader, map[string][]float32, error) {
	info, err := f.Info()
	if err != nil {
		return nil, nil, err
	}
	if info.Kind != model.KindReader {
		return nil, nil, fmt.Errorf("model is a %s, want a %s", info.Kind, model.KindReader)
	}
	first, hidden := f.Tensors["reader.conv0.w"], f.Tensors["reader.hidden.w"]
	if first == nil || hidden == nil || len(first.Shape) != 4 || len(hidden.Shape) != 2 {
		return nil, nil, fmt.Errorf("model has no tensors reader.conv0.w and reader.hidden.w: train it with --preset reader")
	}
	n := &net.Reader{Size: info.Size, Width: first.Shape[3], Hidden: hidden.Shape[1],
		Residual: f.Tensors["reader.conv1r.w"] != nil}
	if t := f.Tensors["reader.form0.w"]; t != nil && len(t.Shape) == 2 {
		n.Form = t.Shape[1]
	}
	for side := 16; side < n.Size; side += 16 { // what is looked at says how many features there are
		if w := *n; hidden.Shape[0] == (net.Reader{Size: n.Size, Width: w.Width, Window: side}).Features() {
			n.Window = side
		}
	}
	values := map[string][]float32{}
	for name, t := range f.Tensors {
		values[name] = t.Data
	}
	return n, values, nil
}
