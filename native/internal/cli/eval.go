package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"mien/native/internal/checkpoint"
	"mien/native/internal/dataset"
	"mien/native/internal/eval"
	"mien/native/internal/synth"
	"mien/native/internal/train"
	"mien/shared/device/cpu"
	"mien/shared/model"
)

// evalSize is the side of the crops that edits are applied to.
const evalSize = 128

func evalCommand() *cobra.Command {
	var file, reader, folder, out string
	var faces int
	var validation bool
	cmd := &cobra.Command{
		Use:   "eval --data DIR",
		Short: "Measure a generator on labelled faces",
		Long: "Measure a generator on labelled faces that it has not seen: each Action Unit is asked for in steps, and an AU reader\n" +
			"says what the face then shows. The reader must not have been part of the generator's training.",
		Example: "  mien eval --data test_faces --json report.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			generator, err := modelOr(file, model.KindGenerator)
			if err != nil {
				return err
			}
			judge, err := modelOr(reader, model.KindReader)
			if err != nil {
				return err
			}
			source, err := evalFaces(cmd.Context(), folder, validation)
			if err != nil {
				return err
			}
			r, err := eval.Judge(cmd.Context(), cpu.New(), generator, judge, source, faces, progress(cmd.ErrOrStderr())("judged"))
			if err != nil {
				return err
			}
			r.Table(cmd.OutOrStdout())
			if out == "" {
				return nil
			}
			b, err := json.MarshalIndent(r, "", "  ")
			if err != nil {
				return err
			}
			return checkpoint.WriteFile(out, append(b, '\n'))
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "model", "", "generator to measure (default: the shipped one)")
	f.StringVar(&reader, "reader", "", "AU reader that judges (default: the shipped one)")
	f.StringVar(&folder, "data", "", "folder of labelled faces, or synth")
	f.StringVar(&out, "json", "", "file for the report")
	f.BoolVar(&validation, "validation", false, "only the people that mien train on this folder leaves out: to choose weights by")
	f.IntVar(&faces, "faces", 40, "how many faces to edit")
	must(cmd, "data")
	return cmd
}

func evalFaces(ctx context.Context, folder string, validation bool) (dataset.Source, error) {
	if folder == "synth" {
		return synth.NewSource(evalSize, 200, 99)
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, usage(err, "give a folder in OpenFace's layout, or --data synth")
	}
	o := dataset.Options{Size: evalSize}
	if validation {
		o.ValidationFraction = train.Validation
	}
	d, err := dataset.Open(ctx, folder, o)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	if validation {
		return d.Validation, nil
	}
	return d.Train, nil
}
