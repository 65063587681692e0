package model

import (
	"context"
	"encoding/binary"
	"fmt"
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

// headed is a sound file of one element with another header, of the same tensor.
func headed(text string) string {
	return file(strings.Replace(text, "SPAN", `"dtype":"F32","shape":[1],"data_offsets":[0,4]`, 1), "\x00\x00\x80\x3f")
}

// TestGateRefusesByItself: files that only the guard named would refuse, beside
// ones that differ in that alone and pass.
func TestGateRefusesByItself(t *testing.T) {
	pad := func(n int) string { return strings.Repeat(" ", n) }
	whole := headed(`{"a":{SPAN}}`)
	for name, c := range map[string]struct{ good, bad string }{
		"header's length":  {headed(`{"a":{SPAN}}` + pad(MaxHeader-60)), headed(`{"a":{SPAN}}` + pad(MaxHeader))},
		"UTF-8":            {headed(`{"\u00e4":{SPAN}}`), headed("{\"\xe4\":{SPAN}}")},
		"UTF-8 of a value": {headed(`{"__metadata__":{"k":"v"},"a":{SPAN}}`), headed("{\"__metadata__\":{\"k\":\"\xff\"},\"a\":{SPAN}}")},
		"one type":         {whole, headed(`{"a":{"dtype":"F16",SPAN}}`)},
		"type's case":      {whole, headed(`{"a":{"DType":"F16",SPAN}}`)},
		"one shape":        {whole, headed(`{"a":{"shape":[1],SPAN}}`)},
		"other keys":       {whole, headed(`{"a":{"strides":[1],SPAN}}`)},
		"two offsets":      {whole, file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,9]}}`, "1234")},
		"a shape":          {whole, file(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, "1234")},
		"no null shape":    {whole, file(`{"a":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}`, "1234")},
		"metadata's keys":  {headed(`{"__metadata__":{"k":"v","l":"w"},"a":{SPAN}}`), headed(`{"__metadata__":{"k":"v","k":"w"},"a":{SPAN}}`)},
		"metadata's kind":  {whole, headed(`{"__metadata__":[],"a":{SPAN}}`)},
		"name's length":    {headed(`{"` + strings.Repeat("a", maxName) + `":{SPAN}}`), headed(`{"` + strings.Repeat("a", maxName+1) + `":{SPAN}}`)},
		"order of offsets": {whole, file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, "1234")},
	} {
		if _, err := Decode([]byte(c.good)); err != nil {
			t.Errorf("%s: the sound one: %v", name, err)
		}
		if _, err := Decode([]byte(c.bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := DecodeUpTo([]byte(whole), int64(len(whole))); err != nil {
		t.Error(err)
	}
	if _, err := DecodeUpTo([]byte(whole), int64(len(whole))-1); err == nil {
		t.Error("a file longer than asked for is read")
	}
	var many strings.Builder
	at := 0
	for ; at <= MaxTensors; at++ {
		fmt.Fprintf(&many, `,"%x":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}`, at, 4*at, 4*at+4)
	}
	if many.Len() > MaxHeader {
		t.Fatalf("%d tensors need a header of %d bytes", at, many.Len())
	}
	if _, err := Decode([]byte(file("{"+many.String()[1:]+"}", strings.Repeat("\x00", 4*at)))); err == nil {
		t.Errorf("%d tensors are read", at)
	}
}

func TestBrainFloatsAreWidened(t *testing.T) {
	f, err := Decode([]byte(file(`{"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}`, "\x80\x3f\x20\xc1\x01\x00")))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Tensors["a"].Data; got[0] != 1 || got[1] != -10 || got[2] != 0x1p-133 {
		t.Errorf("read %g, want 1, -10 and %g", got, 0x1p-133)
	}
	if _, err := Decode([]byte(file(`{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`, "\x80\x7f"))); err == nil {
		t.Error("infinity is read")
	}
}

// TestWeightsThatNoTrainingLeaves are refused before anything runs.
func TestWeightsThatNoTrainingLeaves(t *testing.T) {
	for want, w := range map[string]float32{"all weights are zero": 0, "is 60000, want -1000 to 1000": 6e4, "is -2000": -2000} {
		f := tiny(t)
		f.Tensors["gen.w"].Data[0] = w
		if _, err := LoadGenerator(f, ref.New()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("weight %g: error %v, want one that says %q", w, err, want)
		}
	}
	for w, sound := range map[float32]bool{5724: true, 2e6: false, -.1: false} {
		f := tiny(t)
		f.Meta[keyPlan] = strings.Replace(f.Meta[keyPlan], `"gen.w"`, `"gen.var"`, 1)
		f.Tensors["gen.var"] = f.Tensors["gen.w"]
		delete(f.Tensors, "gen.w")
		f.Tensors["gen.var"].Data[0] = w
		if _, err := LoadGenerator(f, ref.New()); (err == nil) != sound {
			t.Errorf("variance %g: %v", w, err)
		}
	}
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
