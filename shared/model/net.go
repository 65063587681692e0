package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Metadata keys of a model file.
const (
	keyKind    = "mien.kind"
	keyPlan    = "mien.plan"
	keySize    = "mien.size"
	keyPreset  = "mien.preset"
	keyStep    = "mien.step"
	keyLicence = "mien.licence"
	keyAUs     = "mien.aus"
	keySlopes  = "mien.slopes"
	keySource  = "mien.source"
	keySum     = "mien.source_sha256"
)

// The kinds of models.
const (
	KindGenerator = "generator"
	KindReader    = "reader"
	KindPrior     = "prior"    // no network, see native/internal/prior
	KindRig       = "rig"      // no network, see shared/rig
	KindEmbedder  = "embedder" // tells people apart: photo [1 S S 3] to features [1 D] of length 1
	KindMouth     = "mouth"    // paints what is inside open lips, see Mouth; its size is the patch's width

	// Imported ones, of which the file says where they come from.
	KindDetector  = "detector"  // finds faces, see Detector
	KindMesh      = "mesh"      // knows a face's points, see MeshNetwork
	KindCanonical = "canonical" // no network, see Canonical
)

var kinds = []string{KindGenerator, KindReader, KindPrior, KindRig, KindEmbedder, KindMouth, KindDetector, KindMesh, KindCanonical}

// imported reports whether networks of that kind are not of our own training:
// then preset, step and the Action Units say nothing.
func imported(kind string) bool {
	return kind == KindDetector || kind == KindMesh || kind == KindCanonical
}

// MaxSize bounds the side of a network's picture, in pixels.
const (
	MaxSize = 512
	minSize = 8
)

// Info says what a model file is.
type Info struct {
	Kind    string // one of the kinds
	Size    int    // side of the network's square picture, pixels; 0 for none
	Preset  string // of the training
	Step    int    // of the training
	Licence string // of the weights

	// Slopes are how far a reader moves for a unit of labelled intensity, in each
	// Action Unit: readers shrink what they can't tell. Zero where the file does
	// not say.
	Slopes au.Vector

	// Source says where an imported file comes from, package, version and file in
	// it, and SourceSum is the sha256 of that file. Empty for our own.
	Source, SourceSum string
}

// Bounds of a slope. A reader of which one lies outside sees nothing, or another
// thing.
const (
	minSlope = .05
	maxSlope = 2.0
)

// meta is what a file says of itself beside its plan.
func (i Info) meta() map[string]string {
	m := map[string]string{keyKind: i.Kind, keySize: strconv.Itoa(i.Size), keyLicence: i.Licence}
	if imported(i.Kind) {
		m[keySource], m[keySum] = i.Source, i.SourceSum
		return m
	}
	m[keyPreset], m[keyStep], m[keyAUs] = i.Preset, strconv.Itoa(i.Step), strings.Join(au.Codes(), " ")
	if !i.Slopes.IsZero() {
		m[keySlopes] = i.Slopes.String()
	}
	return m
}

// Pack makes a model file of a plan with one picture as its batch, and the
// contents of its states.
func Pack(info Info, p *plan.Plan, states map[string][]float32) (*File, error) {
	text, err := p.Encode()
	if err != nil {
		return nil, fmt.Errorf("pack model: %w", err)
	}
	f := &File{Tensors: map[string]*tensor.Tensor{}, Meta: info.meta()}
	f.Meta[keyPlan] = string(text)
	for _, v := range p.Values {
		switch v.Role {
		case plan.Const:
			f.Tensors[v.Name] = tensor.Of(v.Data, v.Shape...)
		case plan.State:
			data, ok := states[v.Name]
			if !ok || len(data) != v.Shape.Numel() {
				return nil, fmt.Errorf("pack model: state %q: %d values for shape %v", v.Name, len(data), v.Shape)
			}
			f.Tensors[v.Name] = tensor.Of(data, v.Shape...)
		}
	}
	return f, nil
}

// Info returns what the file says of itself, checked.
func (f *File) Info() (Info, error) {
	i := Info{Kind: f.Meta[keyKind], Licence: f.Meta[keyLicence]}
	if !slices.Contains(kinds, i.Kind) {
		return i, fmt.Errorf("kind %q: want %s", i.Kind, strings.Join(kinds, ", "))
	}
	least := minSize
	if i.Kind == KindCanonical {
		least = 0
	}
	var err error
	if i.Size, err = strconv.Atoi(f.Meta[keySize]); err != nil || i.Size < least || i.Size > MaxSize {
		return i, fmt.Errorf("size %q: want %d to %d", f.Meta[keySize], least, MaxSize)
	}
	if imported(i.Kind) {
		if i.Source, i.SourceSum = f.Meta[keySource], f.Meta[keySum]; i.Source == "" || len(i.SourceSum) != 64 {
			return i, fmt.Errorf("source %q with sha256 %q: want where the file comes from", i.Source, i.SourceSum)
		}
		return i, nil
	}
	i.Preset = f.Meta[keyPreset]
	if got, want := f.Meta[keyAUs], strings.Join(au.Codes(), " "); got != want {
		return i, fmt.Errorf("action units %q, want %q", got, want)
	}
	if i.Step, err = strconv.Atoi(f.Meta[keyStep]); err != nil || i.Step < 0 {
		return i, fmt.Errorf("step %q: want a number", f.Meta[keyStep])
	}
	if i.Slopes, err = slopes(f.Meta[keySlopes]); err != nil {
		return i, err
	}
	return i, nil
}

// slopes reads a reader's slopes: all of them, or none of an empty text.
func slopes(text string) (au.Vector, error) {
	v, err := au.Parse(text)
	if err != nil || v.IsZero() {
		return au.Vector{}, err
	}
	for k, x := range v {
		if x < minSlope || x > maxSlope {
			return au.Vector{}, fmt.Errorf("slope %g of action unit %s: want %g to %g", x, au.Units[k].Code, minSlope, maxSlope)
		}
	}
	return v, nil
}

// SetSlopes writes down how far the reader in the file moves for a unit of
// intensity, or forgets it where v is zero.
func (f *File) SetSlopes(v au.Vector) error {
	if f.Meta[keyKind] != KindReader {
		return fmt.Errorf("slopes: model is a %s, want a %s", f.Meta[keyKind], KindReader)
	}
	text := v.String()
	if _, err := slopes(text); err != nil {
		return err
	}
	delete(f.Meta, keySlopes)
	if text != "" {
		f.Meta[keySlopes] = text
	}
	return nil
}

// Plan returns the program in the file, validated, its tensors all there and
// of the right shapes.
func (f *File) Plan() (*plan.Plan, error) {
	p, err := plan.Decode([]byte(f.Meta[keyPlan]), func(name string) []float32 {
		if t := f.Tensors[name]; t != nil {
			return t.Data
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var wrong []string
	used := 0
	for _, v := range p.Values {
		if v.Role != plan.State && v.Role != plan.Const {
			continue
		}
		t := f.Tensors[v.Name]
		switch {
		case t == nil:
			wrong = append(wrong, fmt.Sprintf("tensor %q: missing, plan wants %v", v.Name, v.Shape))
		case !t.Shape.Equal(v.Shape):
			wrong = append(wrong, fmt.Sprintf("tensor %q: shape %v, plan wants %v", v.Name, t.Shape, v.Shape))
		default:
			used++
		}
	}
	if len(wrong) == 0 && used != len(f.Tensors) {
		wrong = append(wrong, fmt.Sprintf("%d tensors, plan wants %d", len(f.Tensors), used))
	}
	if len(wrong) > 10 {
		wrong = append(wrong[:10], fmt.Sprintf("and %d more", len(wrong)-10))
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return p, nil
}

// port is an input or output that a kind of model must have.
type port struct {
	name     string
	shape    tensor.Shape
	optional bool
	late     bool // changes while other inputs stay: what these decide is not computed again
}

// load compiles a model of the given kind after checking its inputs and
// outputs, and fills its states.
func load(f *File, kind string, d device.Device, ports func(p *plan.Plan, size int) (in, out []port)) (Info, *plan.Plan, device.Program, error) {
	info, err := f.Info()
	if err == nil && info.Kind != kind {
		err = fmt.Errorf("kind %q, want %q", info.Kind, kind)
	}
	if err != nil {
		return info, nil, nil, err
	}
	p, err := f.Plan()
	if err == nil {
		err = f.sane(info.Kind, p)
	}
	if err != nil {
		return info, nil, nil, err
	}
	in, out := ports(p, info.Size)
	var late []string
	for _, q := range in {
		if q.late {
			late = append(late, q.name)
		}
		if i := p.Find(q.name); i < 0 || p.Values[i].Role != plan.Input || !p.Values[i].Shape.Equal(q.shape) {
			return info, nil, nil, fmt.Errorf("plan: no input %q of shape %v", q.name, q.shape)
		}
	}
	if n := len(p.Named(plan.Input)); n != len(in) {
		return info, nil, nil, fmt.Errorf("plan: %d inputs, want %d", n, len(in))
	}
	for _, q := range out {
		i := p.Output(q.name)
		if i < 0 && q.optional {
			continue
		}
		if i < 0 || !p.Values[i].Shape.Equal(q.shape) {
			return info, nil, nil, fmt.Errorf("plan: no output %q of shape %v", q.name, q.shape)
		}
	}
	for _, s := range p.Steps {
		if s.Kind.Writes() != nil {
			return info, nil, nil, fmt.Errorf("plan: step %s would change the weights", s.Kind)
		}
	}
	program, err := device.CompileSplit(d, p, late...)
	if err != nil {
		return info, nil, nil, err
	}
	for _, i := range p.Named(plan.State) {
		name := p.Values[i].Name
		if err := program.Write(name, f.Tensors[name].Data); err != nil {
			return info, nil, nil, err
		}
	}
	return info, p, program, nil
}
