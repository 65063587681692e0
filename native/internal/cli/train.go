package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mien/native/internal/train"
)

func trainCommand() *cobra.Command {
	c := train.Config{}
	var names []string
	for _, p := range train.Presets() {
		names = append(names, fmt.Sprintf("  %-12s %s", p.Name, p.About))
	}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a network; interrupt and go on at will",
		Long: "Train a network. Ctrl-C saves; --resume goes on, to the same bytes as a run never stopped.\n\nPresets:\n" +
			strings.Join(names, "\n"),
		Example: "  mien train --preset tiny --data synth --steps 200\n  mien train --preset reader --data faces --out runs/reader",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := train.Find(c.Preset); err != nil {
				return usage(err, "see mien train --help")
			}
			if c.Out == "" {
				c.Out = filepath.Join("runs", c.Preset)
			}
			if c.Data != "synth" {
				if _, err := os.Stat(c.Data); err != nil {
					return usage(err, `give a folder in OpenFace's layout, or --data synth for drawn faces`)
				}
			}
			c.Log = cmd.ErrOrStderr()
			result, err := train.Run(cmd.Context(), c)
			if err == nil || cmd.Context().Err() != nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", result.SHA256, result.Weights)
			}
			if errors.Is(err, train.ErrDiverged) {
				return data(err, "try another --seed or a smaller --batch")
			}
			if errors.Is(err, train.ErrDisk) {
				return &failure{exitIO, "free space or mend the disk, then go on with --resume", err}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Preset, "preset", "tiny", "what to train")
	f.StringVar(&c.Data, "data", "synth", "folder of labelled faces, or synth")
	f.StringVar(&c.Out, "out", "", "run directory (default runs/PRESET)")
	f.IntVar(&c.Steps, "steps", 0, "training steps (default: the preset's)")
	f.IntVar(&c.Batch, "batch", 0, "faces a step (default: the preset's)")
	f.IntVar(&c.TrainSize, "train-size", 0, "at most so many faces, 0 for all")
	f.Uint64Var(&c.Seed, "seed", 1, "of everything random")
	f.StringVar(&c.Reader, "reader", "", "model file of a fixed AU reader for the AU loss")
	f.StringVar(&c.Prior, "prior", "", "file of the prior whose pictures teach (see mien prior)")
	f.BoolVar(&c.Untaught, "no-prior", false, "learn without any teacher's pictures")
	f.IntVar(&c.Every, "every", 200, "write weights and samples each so many steps")
	f.DurationVar(&c.Save, "save", 2*time.Minute, "write a checkpoint each so often")
	f.BoolVar(&c.Resume, "resume", false, "go on from the newest checkpoint")
	return cmd
}
