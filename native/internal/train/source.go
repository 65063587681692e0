package train

import (
	"context"
	"fmt"
	"os"

	"mien/native/internal/dataset"
	"mien/native/internal/prior"
	"mien/native/internal/synth"
	"mien/shared/au"
)

// openSource opens the training faces, labelled by intensity or presence.
func openSource(ctx context.Context, c Config, size int, labels dataset.Columns) (dataset.Source, error) {
	if c.Data == "synth" {
		s, err := synth.NewSource(size, c.TrainSize, c.Seed)
		if err != nil || labels != dataset.Presence {
			return s, err
		}
		return presence{s}, nil
	}
	o := dataset.Options{Size: size, TrainSize: c.TrainSize, Columns: labels, ValidationFraction: Validation, People: dataset.Half(c.People), Meshes: c.Meshes}
	if size == mouthPhoto {
		o.Memory = 1 // they are looked at once
	}
	d, err := dataset.Open(ctx, c.Data, o)
	if err != nil {
		return nil, err
	}
	if c.Log != nil {
		fmt.Fprintf(c.Log, "%d faces to train on, %d held back: %s\n", d.Train.Len(), d.Validation.Len(), d.Report)
		switch {
		case d.BadMeshes != nil:
			fmt.Fprintf(c.Log, "meshes of %d faces: %v\n", d.Meshed, d.BadMeshes)
		case d.Meshed > 0:
			fmt.Fprintf(c.Log, "meshes of %d faces, which are seen in the frames that these give\n", d.Meshed)
		}
		switch {
		case d.Stale != nil:
			fmt.Fprintf(c.Log, "read from the tables: %v; mien data index makes a new one\n", d.Stale)
		case !d.Indexed && d.Report.Rows > manyRows:
			fmt.Fprintf(c.Log, "read from the tables; mien data index makes the next start quick\n")
		}
	}
	return d.Train, nil
}

// presence is a source of drawn faces that says only whether an Action Unit is
// there.
type presence struct{ *synth.Source }

// presentAt is the intensity from which an Action Unit counts as there: below
// it FACS speaks of a trace.
const presentAt = 1

func (p presence) Labels(i int) au.Vector { return present(p.Source.Labels(i)) }

func (p presence) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	img, v, l, who, err := p.Source.Sample(i)
	return img, present(v), l, who, err
}

func present(v au.Vector) au.Vector {
	for k, x := range v {
		v[k] = 0
		if x >= presentAt {
			v[k] = 1
		}
	}
	return v
}

// manyRows are worth an index: their tables take seconds to read.
const manyRows = 100_000

// Validation is the share of a folder's people that training never sees: what
// weights are chosen on.
const Validation = .05

// openTeacher reads the prior at path, and the file's sha256.
func openTeacher(path string) (Teacher, string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	p, err := prior.Decode(b)
	if err != nil {
		return nil, "", err
	}
	return p, digest(b), nil
}
