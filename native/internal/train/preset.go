package train

import (
	"fmt"
	"sort"
	"strings"

	"mien/native/internal/dataset"
	"mien/native/internal/net"
	"mien/shared/au"
)

// Weights are the factors of the generator's losses; a term of weight 0 is not
// built.
type Weights struct {
	Adversarial float64 `json:"adversarial"`
	AU          float64 `json:"au"`       // asked against read
	Cycle       float64 `json:"cycle"`    // edited and edited back, the photo again
	Identity    float64 `json:"identity"` // told what it shows, the photo itself: zero by construction for our own generators
	Motion      float64 `json:"motion"`   // the warp at the landmarks against the anatomy's motion
	Teacher     float64 `json:"teacher"`  // the picture against the prior's or, for drawn faces, the renderer's
	Field       float64 `json:"field"`    // warp, shade, mask and colour against the teacher's
	Colour      float64 `json:"colour"`   // the painted colour against the teacher's picture, where the warp misses it
	Floor       float64 `json:"floor"`    // a miss that is left to the warp: painting at 64 pixels blurs
	Variation   float64 `json:"variation"`
	Bend        float64 `json:"bend"`
	Shade       float64 `json:"shade"` // how much is shaded
	Tint        float64 `json:"tint"`  // how much of that is colour: folds and shadows change the light, smudges the colour
	Mask        float64 `json:"mask"`  // how much is painted over
	Paint       float64 `json:"paint"` // how far painting changes the picture
	Truth       float64 `json:"truth"` // what is painted in a mouth against what was cut out
	Edges       float64 `json:"edges"` // and the differences of its neighbouring pixels
}

// Phase is a stretch of training with one set of losses.
type Phase struct {
	Name      string    `json:"name"`
	Share     float64   `json:"share"` // of all steps
	Adversary Adversary `json:"adversary"`
	Overdo    float64   `json:"overdo,omitempty"` // how far the teacher goes of what is asked; 0 is 1
	Weights   Weights   `json:"weights"`
}

// Preset is a training recipe.
type Preset struct {
	Name  string
	About string

	// One pair, or one of the last three.
	Generator net.Generator // our own: a field under a change of Action Units
	Critic    net.Critic
	Painter   net.Painter // the reference's: a picture under Action Units as they shall be
	TwoHeads  net.TwoHeads
	Reader    net.Reader
	Embedder  net.Embedder
	// A pair that paints what is inside open lips.
	Mouth       net.Mouth
	PatchCritic net.PatchCritic

	Phases        []Phase
	Batch         int
	Steps         int
	Epochs        int     // when Steps is 0: as many as show each face so often
	Rate          float64 // Adam's
	Beta1, Beta2  float64
	Penalty       float64 // weight of R1 or the gradient penalty
	AULoss        string  // of auLosses, by the critic's own head
	CriticAU      float64 // its weight in the critic's loss
	CriticPerStep int     // d_g_ratio: critic steps per generator step
	Plain         bool    // a flat rate and no averaged weights, as in the reference
	Raw           bool    // no averaged weights

	// How faces are drawn and what is asked of them.
	Mirror      bool            // half of the faces are mirrored
	InTurn      bool            // each face once an epoch, in an order of its own; else rare AUs more often
	Labels      dataset.Columns // "" is Intensity
	Fakes       int             // made of each face; 0 is 1
	Complements bool            // the k-th fake has the k-th AU of the face reversed; else targets are other faces' AUs
	Noise       float32         // is added to what is asked of active AUs, uniform in -Noise to Noise

	Eyes    float64 // a reader's weight of the two points that put a frame right
	Augment float32 // how far a reader's pictures are moved and recoloured, 1 for photos
	Spots   float32 // how deep the smooth light and shadow is that they get, of -1 to 1
	Mild    float32 // the share of them that is moved a third as far: what it reads once a face is aligned
	Steady  float32 // how far a picture is moved that a mesh has aligned, of the same ranges; 0 is like the others
	Tremble float32 // the deviation by which points of a mesh are moved for a reader that sees it, pixels of 128
	Blind   float32 // the share of meshes that such a reader is not shown, so that it reads without, too
	Points  float64 // a reader's weight of the 68 landmarks
	Attack  float32 // how far, at most, a reader's pictures are moved against it (see attacked)
	Balance float64 // 0 weighs errors of all AUs alike, 1 by the inverse of how much each varies
}

// IsReader reports whether the preset trains an AU reader.
func (p Preset) IsReader() bool { return p.Reader.Size != 0 }

// Embeds reports whether the preset trains an embedder of people.
func (p Preset) Embeds() bool { return p.Embedder.Dim != 0 }

// Looks reports whether what is trained only looks at faces and edits none.
func (p Preset) Looks() bool { return p.IsReader() || p.Embeds() }

// Edits reports whether what is trained edits whole faces.
func (p Preset) Edits() bool { return !p.Looks() && !p.Fills() }

// Paints reports whether the generator paints whole faces, as the reference's
// do.
func (p Preset) Paints() bool { return p.Painter.Arch != "" }

// Size is the side of the training pictures.
func (p Preset) Size() int {
	switch {
	case p.IsReader():
		return p.Reader.Size
	case p.Embeds():
		return p.Embedder.Trunk.Size
	case p.Fills():
		return mouthPhoto
	case p.Paints():
		return net.PainterSize
	}
	return p.Generator.Size
}

func (p Preset) fakes() int { return max(p.Fakes, 1) }

var smooth = Weights{Motion: 60, Teacher: 40, Field: 10, Shade: .2, Variation: .25, Bend: 1}

// refined are the weights once a critic and an AU reader have joined: a guide (the
// preset of that name). A reader that was not trained to be hard to fool gets
// painted to at a sixteenth of this AU weight (weights/README.md), and this one may have
// twice the weight that it had before a shade was bounded (see edit.Light). What is
// painted is held to the teacher's all the same.
var refined = Weights{Adversarial: 1, AU: 8, Teacher: 12, Cycle: 3, Motion: 30, Field: 15, Shade: .2, Tint: 20, Variation: .25, Bend: 1}

// overdone is how far the teacher goes of what is asked: a generator falls short of
// its teacher, and the teacher of what is asked.
const overdone = 1.25

// short is how much further still it goes with some Action Units, where it overdoes
// at all: what a generator taught alike in all of them lacked in gain, or had too
// much of, on 16 validation people (AU06 .50, AU04 1.45), and what one lacks that no
// reader asks for it (AU10 and AU17, see unheard).
var short = func() (v au.Vector) {
	for i := range v {
		v[i] = 1
	}
	for code, by := range map[string]float32{"01": 1.1, "02": 1.3, "04": .6, "05": 1.8, "06": 1.6, "07": 1.4, "10": 1.4, "14": 1.4, "17": 1.2, "20": 1.4, "23": 1.5, "25": 1.35, "26": .85} {
		v[au.Index(code)] = by
	}
	return v
}()

// lead are the weights with that much of the teacher's picture.
func (w Weights) lead(teacher float64) Weights {
	w.Teacher = teacher
	return w
}

// fieldless are the weights where no teacher says what to paint: painting costs.
func (w Weights) fieldless() Weights {
	if w.Field > 0 {
		w.Field, w.Mask, w.Paint = 0, .4, 4
	}
	return w
}

var own = []Preset{
	{
		Name:      "tiny",
		About:     "32x32 editor, for tests and for watching it learn",
		Generator: net.Generator{Size: 32, Width: 16, Blocks: 2},
		Critic:    net.Critic{Size: 32, Width: 16, Levels: 3, Spectral: true},
		Phases: []Phase{
			{Name: "distil", Share: .7, Weights: Weights{Motion: 60, Teacher: 100, Shade: 2, Colour: 200, Variation: .1, Bend: .3, Mask: .1}},
			{Name: "refine", Share: .3, Adversary: R1, Weights: Weights{Adversarial: .2, AU: 1, Cycle: 1,
				Motion: 30, Teacher: 50, Shade: 1, Colour: 100, Variation: .1, Bend: .3, Mask: .05}},
		},
		Batch: 16, Steps: 2000, Rate: 1e-3, Beta1: .5, Beta2: .99, Penalty: 1, AULoss: "huber", CriticAU: 1, CriticPerStep: 1, Mirror: true,
	},
	{
		Name:      "tiny-wgan",
		About:     "tiny with WGAN-GP from the first step and no motion prior",
		Generator: net.Generator{Size: 32, Width: 16, Blocks: 2},
		Critic:    net.Critic{Size: 32, Width: 16, Levels: 3},
		Phases: []Phase{
			{Name: "train", Share: 1, Adversary: WGANGP, Weights: Weights{Adversarial: .5, AU: 10, Cycle: 3,
				Shade: 1, Variation: .25, Bend: 1, Mask: .5, Paint: 1}},
		},
		Batch: 16, Steps: 5000, Rate: 3e-4, Beta1: 0, Beta2: .9, Penalty: 10, AULoss: "huber", CriticAU: 10, CriticPerStep: 2, Mirror: true,
	},
	{
		Name:      "mien",
		About:     "64x64 editor, the default model",
		Generator: net.Generator{Size: 64, Width: 32, Blocks: 4},
		Critic:    net.Critic{Size: 64, Width: 32, Levels: 4, Spectral: true},
		Phases: []Phase{
			{Name: "distil", Share: .5, Overdo: overdone, Weights: smooth},
			{Name: "refine", Share: .3, Adversary: R1, Overdo: overdone, Weights: refined.lead(25)},
			{Name: "settle", Share: .2, Adversary: R1, Overdo: overdone, Weights: refined},
		},
		Batch: 16, Steps: 20000, Rate: 3e-4, Beta1: .5, Beta2: .99, Penalty: 1, AULoss: "huber", CriticAU: 1, CriticPerStep: 1, Mirror: true,
	},
	{
		Name:      "distil",
		About:     "64x64 editor taught by the prior alone: minutes to a first model",
		Generator: net.Generator{Size: 64, Width: 32, Blocks: 4},
		Phases:    []Phase{{Name: "distil", Share: 1, Weights: smooth}},
		Batch:     16, Steps: 3000, Rate: 6e-4, Beta1: .9, Beta2: .99, Mirror: true,
	},
	{
		Name:      "enlarge",
		About:     "96x96 editor from mien's weights (--from): the second size of the shipped model",
		Generator: net.Generator{Size: 96, Width: 32, Blocks: 4},
		Critic:    net.Critic{Size: 96, Width: 32, Levels: 4, Spectral: true},
		Phases: []Phase{
			{Name: "distil", Share: .05, Overdo: overdone, Weights: smooth},
			{Name: "refine", Share: .95, Adversary: R1, Overdo: overdone, Weights: refined},
		},
		Batch: 16, Steps: 4000, Rate: 2e-4, Beta1: .5, Beta2: .99, Penalty: 1, AULoss: "huber", CriticAU: 1, CriticPerStep: 1, Mirror: true,
	},
	{
		Name:      "refine",
		About:     "64x64 editor from another's weights (--from), by critic, AU reader and prior",
		Generator: net.Generator{Size: 64, Width: 32, Blocks: 4},
		Critic:    net.Critic{Size: 64, Width: 32, Levels: 4, Spectral: true},
		Phases:    []Phase{{Name: "refine", Share: 1, Adversary: R1, Overdo: overdone, Weights: refined}},
		Batch:     16, Steps: 3000, Rate: 2e-4, Beta1: .5, Beta2: .99, Penalty: 1, AULoss: "huber", CriticAU: 1, CriticPerStep: 1, Mirror: true,
	},
	{
		Name:   "reader",
		About:  "64x64 AU reader: 17 Action Units, 68 landmarks and the eyes that align a face",
		Reader: net.Reader{Size: 64, Width: 28, Hidden: 128, Residual: true},
		Phases: []Phase{{Name: "read", Share: 1}},
		Batch:  64, Steps: 6000, Rate: 2e-3, Beta1: .9, Beta2: .999, Mirror: true, Eyes: 20, Augment: 1, Mild: .6, Points: 8, Balance: .7, Spots: .25,
	},
	{
		Name:   "reader-mesh",
		About:  "80x80 AU reader that sees the face's mesh, too: make the meshes first (mien data mesh)",
		Reader: net.Reader{Size: 80, Window: 64, Width: 28, Hidden: 128, Residual: true, Form: 96},
		Phases: []Phase{{Name: "read", Share: 1}},
		Batch:  64, Steps: 6000, Rate: 1e-3, Beta1: .9, Beta2: .999, Mirror: true, Augment: .8, Mild: .6, Steady: .2, Tremble: .4, Blind: .12, Balance: .7, Spots: .25,
	},
	{
		Name:   "guide",
		About:  "64x64 AU reader that is hard to fool, for training generators (--reader)",
		Reader: net.Reader{Size: 64, Width: 28, Hidden: 128, Residual: true},
		Phases: []Phase{{Name: "read", Share: 1}},
		Batch:  64, Steps: 5000, Rate: 2e-3, Beta1: .9, Beta2: .999, Mirror: true, Eyes: 2, Augment: .6, Mild: .6, Points: 5, Balance: .7, Attack: 2, Spots: .25,
	},
	{
		Name:   "judge",
		About:  "64x64 AU reader of another shape, for mien eval alone (train it on the other half of the people)",
		Reader: net.Reader{Size: 64, Width: 24, Hidden: 96, Residual: true},
		Phases: []Phase{{Name: "read", Share: 1}},
		Batch:  64, Steps: 5000, Rate: 2e-3, Beta1: .9, Beta2: .999, Mirror: true, Eyes: 2, Augment: .8, Mild: .6, Points: 5, Balance: .7, Spots: .25,
	},
	{
		Name:     "identity",
		About:    "64x64 embedder that tells people apart, for mien eval",
		Embedder: net.Embedder{Trunk: net.Reader{Size: 64, Width: 24, Residual: true}, Dim: 64},
		Phases:   []Phase{{Name: "embed", Share: 1}},
		Batch:    64, Steps: 3000, Rate: 2e-3, Beta1: .9, Beta2: .999, Mirror: true, Augment: .6,
	},
	{
		Name:        "mouth",
		About:       "what is inside open lips, 96x64: mouths are cut out of photos and painted back",
		Mouth:       net.Mouth{Width: 24, Blocks: 2},
		PatchCritic: net.PatchCritic{Width: 32, Levels: 3},
		Phases: []Phase{
			{Name: "copy", Share: .2, Weights: Weights{Truth: 4, Edges: 4}},
			{Name: "refine", Share: .8, Adversary: Hinge, Weights: Weights{Truth: 4, Edges: 4, Adversarial: .25}},
		},
		Batch: 16, Steps: 3000, Rate: 4e-4, Beta1: 0, Beta2: .99, CriticPerStep: 1, Mirror: true,
	},
	{
		Name:   "reader-tiny",
		About:  "32x32 AU reader, for tests on synthetic faces",
		Reader: net.Reader{Size: 32, Width: 16, Hidden: 64},
		Phases: []Phase{{Name: "read", Share: 1}},
		Batch:  64, Steps: 600, Rate: 2e-3, Beta1: .9, Beta2: .999, Mirror: true, Eyes: 2, Augment: .2, Points: 20,
	},
}

// Find returns the preset called name.
func Find(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	sort.Strings(names)
	return Preset{}, fmt.Errorf("preset %q: unknown, know %s", name, strings.Join(names, ", "))
}

// Presets lists all presets.
func Presets() []Preset { return append(append([]Preset(nil), own...), references...) }
