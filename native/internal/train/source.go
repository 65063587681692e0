package train

import (
	"context"
	"fmt"
	"os"

	"mien/native/internal/dataset"
	"mien/native/internal/prior"
	"mien/native/internal/synth"
)

// openSource opens the training faces.
func openSource(ctx context.Context, c Config, size int) (dataset.Source, error) {
	if c.Data == "synth" {
		return synth.NewSource(size, c.TrainSize, c.Seed)
	}
	d, err := dataset.Open(ctx, c.Data, dataset.Options{Size: size, TrainSize: c.TrainSize, ValidationFraction: Validation})
	if err != nil {
		return nil, err
	}
	if c.Log != nil {
		fmt.Fprintf(c.Log, "%d faces to train on, %d held back: %s\n", d.Train.Len(), d.Validation.Len(), d.Report)
	}
	return d.Train, nil
}

// Validation is the share of a folder's people that training never sees: what
// weights are chosen on.
const Validation = .05

// openTeacher reads the prior at path.
func openTeacher(path string) (Teacher, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return prior.Decode(b)
}
