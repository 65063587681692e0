package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"mien/native/internal/checkpoint"
	"mien/native/internal/dataset"
	"mien/native/internal/eval"
	"mien/native/internal/metric"
	"mien/native/internal/synth"
	"mien/native/internal/train"
	"mien/shared/device"
	"mien/shared/model"
)

// evalSize is the side of the crops that edits are applied to.
const evalSize = 128

func evalCommand() *cobra.Command {
	var file, reader, folder, out, inception string
	var faces, perEmotion int
	var validation bool
	var processor string
	cmd := &cobra.Command{
		Use:   "eval --data DIR",
		Short: "Measure a generator on labelled faces",
		Long: "Measure a generator on labelled faces that it has not seen: each Action Unit is asked for in steps, and an AU reader\n" +
			"says what the face then shows. The reader must not have been part of the generator's training.\n" +
			"Then faces are edited towards each emotion and compared with real faces of it: by FID where --inception gives the\n" +
			"weights of Inception-v3, else by the same distance on the reader's features.",
		Example: "  mien eval --data test_faces --json report.json\n  mien eval --data test_faces --inception inception.safetensors",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
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
			d, why, err := choose(processor)
			if err != nil {
				return err
			}
			defer closeDevice(d, &err)
			fmt.Fprintln(cmd.ErrOrStderr(), "device:", why)
			var extractor *metric.Extractor
			if perEmotion > 0 { // before the long part, so that bad weights are refused at once
				if extractor, err = extractorOf(d, inception, judge); err != nil {
					return err
				}
				defer extractor.Close()
			}
			shown := progress(cmd.ErrOrStderr())
			r, err := eval.Judge(cmd.Context(), d, generator, judge, source, faces, shown("judged"))
			if err != nil {
				return err
			}
			if extractor != nil {
				o := metric.Options{Faces: perEmotion, Progress: shown("compared")}
				distances, err := eval.Emotions(cmd.Context(), d, generator, judge, extractor, source, o)
				switch {
				case errors.Is(err, metric.ErrTooFew): // the rest of the report stands
					fmt.Fprintf(cmd.ErrOrStderr(), "not compared with real faces: %v\n", err)
				case err != nil:
					return err
				default:
					r.Distances = &distances
				}
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
	f.StringVar(&inception, "inception", "", "weights of Inception-v3, .safetensors, for FID (default: the reader's features)")
	f.IntVar(&perEmotion, "per-emotion", 1000, "at most so many faces for each emotion, 0 for no comparison with real ones")
	deviceFlag(f, &processor, "auto")
	must(cmd, "data")
	return cmd
}

// extractorOf returns Inception's features with the weights in path, or
// the AU reader's when there is none.
func extractorOf(d device.Device, path string, reader *model.File) (*metric.Extractor, error) {
	if path == "" {
		return metric.NewReader(reader, d)
	}
	f, err := readModel(path)
	if err != nil {
		return nil, err
	}
	e, err := metric.NewInception(f, d)
	if err != nil {
		return nil, data(fmt.Errorf("%q: %w", path, err), "the README says how to convert them")
	}
	return e, nil
}

func evalFaces(ctx context.Context, folder string, validation bool) (dataset.Source, error) {
	if folder == "synth" {
		return synth.NewSource(evalSize, 600, 99)
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
