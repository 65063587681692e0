package cli

import (
	"bytes"
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
	"mien/native/internal/prior"
	"mien/native/internal/synth"
	"mien/native/internal/train"
	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/edit"
	"mien/shared/model"
	"mien/weights"
)

// evalSize is the side of the crops that edits are applied to.
const evalSize = 128

func evalCommand() *cobra.Command {
	var file, reader, embedder, folder, meshes, asJSON, markdown, sheet, inception, processor string
	var against []string
	var faces, size, rows, perEmotion int
	var validation, alone, plain bool
	cmd := &cobra.Command{
		Use:   "eval --data DIR",
		Short: "Measure an editor on labelled faces",
		Long: "Measure a generator or a prior on labelled faces that it has not seen: each Action Unit is asked for in steps, and an\n" +
			"AU reader, the judge, says what the face then shows. The judge must not have been part of the generator's training.\n" +
			"Then faces are edited towards each emotion and compared with real faces of it: by FID where --inception gives the\n" +
			"weights of Inception-v3, else by the same distance on the judge's features.",
		Example: "  mien eval --data test_faces --json report.json --sheet sheet.png\n  mien eval --data test_faces --inception inception.safetensors",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			o := eval.Options{Edit: faces, Plain: plain}
			if o.Judge, err = modelOr(reader, "judge"); err != nil {
				return err
			}
			if _, err := weights.Shipped(model.KindReader); err == nil {
				if o.Reader, err = modelOr("", model.KindReader); err != nil {
					return err
				}
			}
			if _, err := weights.Shipped(model.KindEmbedder); embedder != "" || err == nil {
				if o.Embedder, err = modelOr(embedder, model.KindEmbedder); err != nil {
					return err
				}
			}
			d, why, err := choose(processor)
			if err != nil {
				return err
			}
			defer closeDevice(d, &err)
			o.Device = d
			fmt.Fprintln(cmd.ErrOrStderr(), "device:", why)
			var extractor *metric.Extractor
			if perEmotion > 0 { // before the long part, so that bad weights are refused at once
				if extractor, err = extractorOf(d, inception, o.Judge); err != nil {
					return err
				}
				defer extractor.Close()
			}
			var subjects []eval.Subject
			paths := append([]string{file}, against...)
			if alone || file == shippedPrior && !cmd.Flags().Changed("against") {
				paths = paths[:1]
			}
			for _, path := range paths {
				s, err := subject(path, d)
				if err != nil {
					return err
				}
				subjects = append(subjects, s)
			}
			if o.Faces, err = evalFaces(cmd.Context(), folder, meshes, validation, size); err != nil {
				return err
			}
			var reports []eval.Report
			for _, s := range subjects {
				o.Progress = progress(cmd.ErrOrStderr())("judged " + s.Name + ":")
				r, err := eval.Judge(cmd.Context(), s, o)
				if err != nil {
					return err
				}
				if extractor != nil {
					of := metric.Options{Faces: perEmotion, Progress: progress(cmd.ErrOrStderr())("compared " + s.Name + ":")}
					distances, err := eval.Emotions(cmd.Context(), s, o, extractor, of)
					switch {
					case errors.Is(err, metric.ErrTooFew): // the rest of the report stands
						fmt.Fprintf(cmd.ErrOrStderr(), "not compared with real faces: %v\n", err)
					case err != nil:
						return err
					default:
						r.Distances = &distances
					}
				}
				reports = append(reports, r)
			}
			eval.Table(cmd.OutOrStdout(), reports...)
			if sheet != "" {
				b, err := eval.Sheet(cmd.Context(), subjects[0], o, rows)
				if err == nil {
					err = checkpoint.WriteFile(sheet, b)
				}
				if err != nil {
					return err
				}
			}
			if markdown != "" {
				var b bytes.Buffer
				eval.Markdown(&b, reports...)
				if err := checkpoint.WriteFile(markdown, b.Bytes()); err != nil {
					return err
				}
			}
			if asJSON == "" {
				return nil
			}
			b, err := json.MarshalIndent(reports, "", "  ")
			if err != nil {
				return err
			}
			return checkpoint.WriteFile(asJSON, append(b, '\n'))
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "model", "", `generator or prior to measure, "prior" is the shipped one (default: the shipped generator)`)
	f.StringSliceVar(&against, "against", []string{shippedPrior}, "generators or priors to measure beside it, on the same faces")
	f.BoolVar(&alone, "alone", false, "measure nothing beside it")
	plainFlag(f, &plain)
	f.StringVar(&reader, "reader", "", "AU reader that judges (default: the shipped judge)")
	f.StringVar(&embedder, "embedder", "", "embedder that tells whether people stay who they are (default: the shipped one)")
	f.StringVar(&folder, "data", "", "folder of labelled faces, or synth")
	meshesFlag(f, &meshes)
	f.IntVar(&size, "data-size", 0, "read at most so many of its faces, evenly spread, 0 for all")
	f.StringVar(&asJSON, "json", "", "file for the reports")
	f.StringVar(&markdown, "markdown", "", "file for the table in Markdown")
	f.StringVar(&sheet, "sheet", "", "file for a contact sheet, .png")
	f.IntVar(&rows, "sheet-faces", 6, "how many faces are on the contact sheet")
	f.BoolVar(&validation, "validation", false, "only the people that mien train on this folder leaves out: to choose weights by")
	f.IntVar(&faces, "faces", 40, "how many faces to edit")
	f.StringVar(&inception, "inception", "", "weights of Inception-v3, .safetensors, for FID (default: the judge's features)")
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

// shippedPrior is the name by which the shipped prior may be given for a file.
const shippedPrior = "prior"

// editorFile reads the generator or prior at path; "" and "generator" are the shipped generator,
// "prior" the shipped prior.
func editorFile(path string) (*model.File, error) {
	if path == shippedPrior {
		return modelOr("", shippedPrior)
	}
	if path == model.KindGenerator {
		path = ""
	}
	return modelOr(path, model.KindGenerator)
}

// subject is what the file at path edits with.
func subject(path string, d device.Device) (eval.Subject, error) {
	f, err := editorFile(path)
	if err != nil {
		return eval.Subject{}, err
	}
	if !prior.IsFile(f) {
		return eval.Generator(f, d), nil
	}
	return eval.Subject{Name: "prior", Open: func() (edit.Drawer, error) { return priorDrawer(f) }}, nil
}

// priorDrawer is the prior in f with the shipped judge's landmarks: the reader has none.
func priorDrawer(f *model.File) (edit.Drawer, error) {
	b, err := f.Encode()
	if err != nil {
		return nil, err
	}
	p, err := prior.Decode(b)
	if err != nil {
		return nil, data(err, "fit one with mien prior")
	}
	judge, err := modelOr("", "judge")
	if err != nil {
		return nil, err
	}
	reader, err := model.LoadReader(judge, cpu.New())
	if err != nil {
		return nil, err
	}
	if !reader.HasLandmarks() {
		return nil, data(errors.New("the prior needs a reader's landmarks, the shipped judge has none"), "train one with mien train --preset judge")
	}
	return p.NewEditor(reader), nil
}

// synthFaces is how many drawn faces an evaluation reads.
const synthFaces = 600

// evalFaces opens at most size faces of folder, 0 for all.
func evalFaces(ctx context.Context, folder, meshes string, validation bool, size int) (dataset.Source, error) {
	if size < 0 {
		return nil, usage(fmt.Errorf("data size %d: want 0 or more", size), "0 takes all faces")
	}
	if folder == "synth" {
		if size == 0 {
			size = synthFaces
		}
		return synth.NewSource(evalSize, size, 99)
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, usage(err, "give a folder in OpenFace's layout, or --data synth")
	}
	o := dataset.Options{Size: evalSize, Meshes: meshes, TrainSize: size, ValidationSize: size}
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
