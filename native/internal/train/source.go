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
	d, err := dataset.Open(ctx, c.Data, dataset.Options{Size: size, TrainSize: c.TrainSize, ValidationFraction: validation})
	if err != nil {
		return nil, err
	}
	if c.Log != nil {
		fmt.Fprintf(c.Log, "%d faces to train on, %d held back: %s\n", d.Train.Len(), d.Validation.Len(), d.Report)
	}
	return d.Train, nil
}

// validation is the share of people that training never sees.
const validation = .05

// openTeacher reads the prior at path.
func openTeacher(path string) (Teacher, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return prior.Decode(b)
}
