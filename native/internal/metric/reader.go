package metric

import (
	"errors"
	"fmt"

	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/plan"
)

// ReaderName is what the distance on an AU reader's features is called.
const ReaderName = "reader Frechet"

// NewReader returns the extractor of the layer from which an AU reader reads
// its Action Units: an own measure of how far expressions differ, for where
// Inception's weights are not at hand. It sees what expressions are made of and
// not much else.
func NewReader(f *model.File, d device.Device) (*Extractor, error) {
	info, err := f.Info()
	if err == nil && info.Kind != model.KindReader {
		err = fmt.Errorf("kind %q, want %q", info.Kind, model.KindReader)
	}
	if err != nil {
		return nil, fmt.Errorf("reader's features: %w", err)
	}
	p, err := f.Plan()
	if err != nil {
		return nil, fmt.Errorf("reader's features: %w", err)
	}
	hidden, err := beforeHead(p, "au")
	if err != nil {
		return nil, fmt.Errorf("reader's features: %w", err)
	}
	p.Outputs = []plan.Output{{Name: outputName, Value: hidden}}
	states := map[string][]float32{}
	for _, i := range p.Named(plan.State) {
		states[p.Values[i].Name] = f.Tensors[p.Values[i].Name].Data
	}
	return newExtractor(ReaderName, p, states, d)
}

// beforeHead returns the value [B D] that the last dense layer before an output
// works on.
func beforeHead(p *plan.Plan, output string) (int, error) {
	made := map[int]plan.Step{}
	for _, s := range p.Steps {
		for _, v := range s.Out {
			made[v] = s
		}
	}
	at := p.Output(output)
	for range p.Steps {
		s, ok := made[at]
		if at < 0 || !ok {
			break
		}
		if s.Kind == plan.MatMul {
			return s.In[0], nil
		}
		at = s.In[0]
	}
	return 0, errors.New("its plan has no dense layer before the Action Units")
}
