package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// MaxEncoded bounds the text of a plan, in bytes.
const MaxEncoded = 1 << 20

// Encode returns p as JSON. The contents of constants are not in it: model
// files carry them as tensors.
func (p *Plan) Encode() ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(p)
	if err == nil && len(b) > MaxEncoded {
		err = fmt.Errorf("plan: %d bytes, at most %d can be stored", len(b), MaxEncoded)
	}
	return b, err
}

// Decode reads what Encode wrote. The constants' contents come from constant,
// which returns nil for a name that it does not know.
func Decode(b []byte, constant func(name string) []float32) (*Plan, error) {
	if len(b) > MaxEncoded {
		return nil, fmt.Errorf("plan: %d bytes, at most %d are read", len(b), MaxEncoded)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var p Plan
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if d.More() {
		return nil, errors.New("plan: text after its end")
	}
	for i, v := range p.Values {
		if v.Role == Const {
			p.Values[i].Data = constant(v.Name)
		}
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	// A training step of our own may hold more, in memory used over and over; a
	// plan from outside has no need to.
	total := 0
	for _, v := range p.Values {
		if total += v.Shape.Numel(); total > MaxTotal {
			return nil, fmt.Errorf("plan: values hold over %d elements", MaxTotal)
		}
	}
	return &p, nil
}
