package cli

import (
	"bytes"
	"fmt"
	"image/png"

	"github.com/spf13/cobra"

	"mien/native/internal/checkpoint"
	"mien/native/internal/dataset"
	"mien/native/internal/label"
	"mien/native/internal/survey"
	"mien/shared/device/cpu"
	"mien/shared/model"
)

func labelCommand() *cobra.Command {
	var o label.Options
	var program, reader, by string
	var arguments []string
	cmd := &cobra.Command{
		Use:   "label --in DIR --out DIR",
		Short: "Make a data set of a folder of photos",
		Long: "Make a data set of a folder of photos: aligned faces and their Action Units. OpenFace's FeatureExtraction labels where it is\n" +
			"installed; else Mien's own reader does, and the rows say so (column labelled_by): what a network learns from them is\n" +
			"another network's opinion. Interrupt it at any time; the same command goes on, and takes up photos that came since.",
		Example: "  mien data label --in raw --out faces/emotionet\n  mien data label --in photos --out faces/mine --by reader",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := labeller(by, program, reader, arguments)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "labelled by %s\n", l.Name())
			o.Progress = progress(cmd.ErrOrStderr())("labelled")
			r, err := label.Run(cmd.Context(), l, o)
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), r)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.In, "in", "", "folder of photos, searched through")
	f.StringVar(&o.Out, "out", "", "folder for the data set's parts")
	f.StringVar(&by, "by", "", "openface or reader (default: openface where it is installed)")
	f.StringVar(&program, "openface", "", "path of FeatureExtraction (default: looked for)")
	f.StringArrayVar(&arguments, "openface-arg", nil, fmt.Sprintf("argument for it, instead of %q; may be given more than once", label.OpenFaceArguments))
	f.StringVar(&reader, "reader", "", "AU reader, .safetensors (default: the shipped one)")
	f.IntVar(&o.Part, "part", 1000, "photos of a part: what an interruption loses at most")
	must(cmd, "in", "out")
	return cmd
}

func labeller(by, program, reader string, arguments []string) (label.Labeller, error) {
	openface, found := label.FindOpenFace()
	if program != "" {
		openface, found = &label.OpenFace{Program: program}, true
	}
	openface.Arguments = arguments
	switch {
	case by == "" && found, by == "openface" && found:
		return openface, nil
	case by == "openface":
		return nil, usage(fmt.Errorf("FeatureExtraction is not on the PATH"), "install OpenFace 2.2 and give --openface PATH, or --by reader")
	case by != "" && by != "reader":
		return nil, usage(fmt.Errorf("labelled by %q: want openface or reader", by), "")
	}
	f, err := modelOr(reader, model.KindReader)
	if err != nil {
		return nil, err
	}
	finder, err := shippedFinder()
	if err != nil {
		return nil, err
	}
	return label.NewOwn(f, finder, cpu.New())
}

// sheetSize is the side of a face on the sheet.
const sheetSize = 64

func statsCommand() *cobra.Command {
	var root, columns, sheet, out string
	cmd := &cobra.Command{
		Use:   "stats --data DIR",
		Short: "Say what is in a data set",
		Long: "Say what is in a data set: how often each Action Unit shows and how strongly, which come together, how many people there\n" +
			"are; and draw a sheet of faces, some for each intensity of each Action Unit. Pictures are only looked at for the sheet.",
		Example: "  mien data stats --data faces --sheet faces.png --json faces.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := dataset.Open(cmd.Context(), root, dataset.Options{Size: sheetSize, Columns: dataset.Columns(columns), Memory: 1})
			if err != nil {
				return hinted(err)
			}
			defer d.Close()
			r, err := survey.Of(cmd.Context(), d.Train)
			if err != nil {
				return err
			}
			r.Tables, r.Columns = d.Report, columns
			r.Text(cmd.OutOrStdout())
			if out != "" {
				var b bytes.Buffer
				if err := writeJSON(&b, r); err != nil {
					return err
				}
				if err := checkpoint.WriteFile(out, b.Bytes()); err != nil {
					return err
				}
			}
			if sheet == "" {
				return nil
			}
			img, err := survey.Sheet(cmd.Context(), d.Train, 1)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				return err
			}
			return checkpoint.WriteFile(sheet, b.Bytes())
		},
	}
	f := cmd.Flags()
	f.StringVar(&root, "data", "", "folder of labelled faces, or of shards")
	f.StringVar(&sheet, "sheet", "", "picture of faces to write, .png")
	f.StringVar(&out, "json", "", "file for the report")
	columnsFlag(cmd, &columns)
	must(cmd, "data")
	return cmd
}
