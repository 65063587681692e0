package model

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"mien/shared/au"
	"mien/shared/device/ref"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// tiny is a generator of one weight that paints the photo by the change.
func tiny(t testing.TB) *File {
	t.Helper()
	s := tensor.Shape{1, 8, 8, 3}
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "photo", Role: plan.Input, Shape: s},
		{Name: "change", Role: plan.Input, Shape: tensor.Shape{1, au.Count}},
		{Name: "gen.w", Role: plan.State, Shape: tensor.Shape{1, 1, 1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1, 1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1, 1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 8, 8, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 8, 8, 2}},
		{Role: plan.Temp, Shape: s},
	}, Steps: []plan.Step{
		{Kind: plan.SumTo, In: []int{1}, Out: []int{3}, Ints: []int{1, 1}},
		{Kind: plan.Reshape, In: []int{3}, Out: []int{4}, Ints: []int{1, 1, 1, 1}},
		{Kind: plan.Mul, In: []int{4, 2}, Out: []int{5}},
		{Kind: plan.Spread, In: []int{5}, Out: []int{6}, Ints: []int{1, 8, 8, 1}},
		{Kind: plan.Concat, In: []int{6, 6}, Out: []int{7}, Ints: []int{3}},
		{Kind: plan.Affine, In: []int{0}, Out: []int{8}, Floats: []float64{1, 0}},
	}, Outputs: []plan.Output{{Name: "warp", Value: 7}, {Name: "mask", Value: 6}, {Name: "colour", Value: 8}}}
	f, err := Pack(Info{Kind: KindGenerator, Size: 8, Preset: "test", Step: 3, Licence: "MIT"}, p, map[string][]float32{"gen.w": {.25}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func encoded(t testing.TB, f *File) []byte {
	t.Helper()
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGeneratorRoundTrip(t *testing.T) {
	for _, encode := range []func(*File) ([]byte, error){(*File).Encode, (*File).EncodeHalf} {
		b, err := encode(tiny(t))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		g, err := LoadGenerator(f, ref.New())
		if err != nil {
			t.Fatal(err)
		}
		o, err := g.Field(context.Background(), tensor.New(1, 8, 8, 3), au.Vector{}, au.Vector{2})
		if err != nil || o.Mask[5] != .5 || o.Warp[3] != .5 || g.Info().Step != 3 {
			t.Errorf("mask %v, info %+v, %v", o.Mask, g.Info(), err)
		}
	}
}

// file builds a safetensors file from a header and data.
func file(header, data string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + data
}

func TestGateRefuses(t *testing.T) {
	nan := string(binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN()))))
	one := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	if _, err := Decode([]byte(file(one, "\x00\x00\x80\x3f"))); err != nil {
		t.Fatalf("a sound file: %v", err)
	}
	if f, err := Decode([]byte(file(strings.Replace(one, "F32", "I32", 1), "\xff\xff\xff\xff"))); err != nil || f.Tensors["a"].Data[0] != -1 {
		t.Errorf("a whole number: %v, %v", f, err)
	}
	for name, b := range map[string]string{
		"whole number":    file(strings.Replace(one, "F32", "I32", 1), "\x01\x00\x00\x01"),
		"empty":           "",
		"short":           "1234567",
		"huge header":     string(binary.LittleEndian.AppendUint64(nil, 27<<20)) + one,
		"header past end": string(binary.LittleEndian.AppendUint64(nil, 500)) + one,
		"no object":       file(`["a"]`, ""),
		"bad UTF-8":       file("{\"\xff\":1}", ""),
		"duplicate key":   file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234"),
		"dots":            file(`{"../a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234"),
		"NUL":             file(`{"a\u0000":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234"),
		"type":            file(`{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}`, "12345678"),
		"gap":             file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, "12345678"),
		"overlap":         file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "1234"),
		"cut off":         file(one, "123"),
		"too long":        file(one, "12345"),
		"wrong shape":     file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, "1234"),
		"negative":        file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, "1234"),
		"huge shape":      file(`{"a":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}`, "1234"),
		"trailing":        file(one+"x", "1234"),
		"NaN":             file(one, nan),
	} {
		if _, err := Decode([]byte(b)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for want, change := range map[string]func(f *File){
		"kind":                      func(f *File) { f.Meta[keyKind] = "cat" },
		"size":                      func(f *File) { f.Meta[keySize] = "100000" },
		"step":                      func(f *File) { f.Meta[keyStep] = "-1" },
		"action units":              func(f *File) { f.Meta[keyAUs] = "01" },
		"slope 0 of action unit 02": func(f *File) { f.Meta[keySlopes] = "01=1,12=.5" },
		`action unit "steep"`:       func(f *File) { f.Meta[keySlopes] = "steep" },
		"plan":                      func(f *File) { f.Meta[keyPlan] = "{}" },
		"missing":                   func(f *File) { delete(f.Tensors, "gen.w") },
		"plan wants":                func(f *File) { f.Tensors["gen.w"] = tensor.New(2) },
		"2 tensors":                 func(f *File) { f.Tensors["more"] = tensor.New(1) },
		"no input":                  func(f *File) { f.Meta[keySize] = "16" },
		"before it is":              func(f *File) { f.Meta[keyPlan] = strings.Replace(f.Meta[keyPlan], `"in":[1]`, `"in":[8]`, 1) },
		"unknown kind":              func(f *File) { f.Meta[keyPlan] = strings.Replace(f.Meta[keyPlan], `"mul"`, `"evil"`, 1) },
		"unknown field":             func(f *File) { f.Meta[keyPlan] = strings.Replace(f.Meta[keyPlan], `"steps"`, `"stops"`, 1) },
	} {
		f := tiny(t)
		change(f)
		if _, err := LoadGenerator(f, ref.New()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	f := tiny(t)
	if _, err := LoadReader(f, ref.New()); err == nil {
		t.Error("a generator was loaded as a reader")
	}
}

func TestHalf(t *testing.T) {
	for h := range 0x10000 {
		v := FromHalf(uint16(h))
		if h&0x7c00 == 0x7c00 {
			continue // infinities and NaN are never written
		}
		if got := toHalf(v); got != uint16(h) {
			t.Fatalf("%#04x is %g and goes back to %#04x", h, v, got)
		}
	}
	for v, want := range map[float32]float32{1.0002441: 1, 1.0007325: 1.0009766, 65504: 65504, 1e-9: 0} {
		if got := FromHalf(toHalf(v)); got != want {
			t.Errorf("%g rounds to %g, want %g", v, got, want)
		}
	}
}

// TestEncodeExact wants every number back, in half the room where that holds it.
func TestEncodeExact(t *testing.T) {
	f := &File{Tensors: map[string]*tensor.Tensor{"a": tensor.Of([]float32{1, -.5, 65504, 0x1p-24}, 4),
		"b": tensor.Of([]float32{1, 1.0001}, 2), "c": tensor.Of([]float32{70000}, 1)}}
	b, err := f.EncodeExact()
	if err != nil {
		t.Fatal(err)
	}
	h, err := readHeader(b, MaxFile)
	if err != nil || h.spans["a"].DType != "F16" || h.spans["b"].DType != "F32" || h.spans["c"].DType != "F32" {
		t.Errorf("%+v, %v", h, err)
	}
	again, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range f.Tensors {
		if !slices.Equal(again.Tensors[name].Data, want.Data) {
			t.Errorf("%s is %v, want %v", name, again.Tensors[name].Data, want.Data)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, tiny(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		m, err := Decode(b)
		if err != nil {
			return
		}
		if _, err := m.Encode(); err != nil {
			t.Errorf("read, but not written: %v", err)
		}
	})
}
