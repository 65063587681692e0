package metric

import (
	"fmt"

	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/plan"
)

// EmbedderName is what Mien's own embedder of identities is called (preset
// "identity").
const EmbedderName = "mien identity"

// NewEmbedder returns the extractor of a file of model.KindEmbedder.
func NewEmbedder(f *model.File, d device.Device) (*Extractor, error) {
	info, err := f.Info()
	if err == nil && info.Kind != model.KindEmbedder {
		err = fmt.Errorf("kind %q, want %q", info.Kind, model.KindEmbedder)
	}
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	p, err := f.Plan()
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	states := map[string][]float32{}
	for _, i := range p.Named(plan.State) {
		if states[p.Values[i].Name] = nil; f.Tensors[p.Values[i].Name] != nil {
			states[p.Values[i].Name] = f.Tensors[p.Values[i].Name].Data
		}
	}
	return newExtractor(EmbedderName, p, states, d)
}
