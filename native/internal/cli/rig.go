package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"mien/native/internal/checkpoint"
	"mien/native/internal/dataset"
	"mien/native/internal/rigfit"
	"mien/native/internal/train"
	"mien/shared/face"
	"mien/shared/model"
	"mien/weights"
)

func rigCommand() *cobra.Command {
	var folder, shapes, meshes, out string
	cmd := &cobra.Command{
		Use:   "rig --data DIR --shapes FILE --out FILE",
		Short: "Fit the rig: what each Action Unit does to the mesh of a face",
		Long: "Fit the rig: what each Action Unit does to the mesh of a face, how people differ at rest, and which folds appear. It needs\n" +
			"FACS shapes and labelled faces with their meshes; the people whom mien eval --validation looks at are left out.",
		Example: "  mien rig --data faces --shapes ict.safetensors --out rig.safetensors",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(folder); err != nil {
				return usage(err, "give a folder in OpenFace's layout")
			}
			form, err := rigfit.ReadShapes(shapes)
			if errors.Is(err, os.ErrNotExist) {
				return usage(err, "give a file of FACS shapes")
			}
			if err != nil {
				return err
			}
			canonical, err := shippedCanonical()
			if err != nil {
				return err
			}
			// Pictures are looked at once: none is kept.
			d, err := dataset.Open(cmd.Context(), folder, dataset.Options{Size: rigfit.PictureSize, ValidationFraction: train.Validation, Memory: 1})
			if err != nil {
				return err
			}
			defer d.Close()
			fmt.Fprintf(cmd.ErrOrStderr(), "%d faces: %s\n", d.Train.Len(), d.Report)
			table := rigfit.OpenMeshes(folder, meshes)
			r, report, err := rigfit.Fit(cmd.Context(), form, table.With(d.Train), table.With(d.Validation), canonical.Triangles[:], stages(cmd.ErrOrStderr()))
			if wrong := table.Err(); wrong != nil {
				return wrong
			}
			if errors.Is(err, rigfit.ErrData) {
				return data(err, "give labelled faces with "+rigfit.MeshFile+" beside EmotioNet.csv, or --meshes, people several times")
			}
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.ErrOrStderr(), report)
			b, err := r.Pack(rigfit.Licence, fmt.Sprintf("%d faces, %d people more than once", report.Faces, report.People)).EncodeHalf()
			if err != nil {
				return err
			}
			if err := checkpoint.WriteFile(out, b); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %d bytes\n", out, len(b))
			return nil
		},
	}
	cmd.Flags().StringVar(&folder, "data", "", "folder of labelled faces")
	cmd.Flags().StringVar(&shapes, "shapes", "", "file of FACS shapes, .safetensors")
	cmd.Flags().StringVar(&meshes, "meshes", "", "folder of PART.safetensors, the meshes of each part (default: "+rigfit.MeshFile+" in each part)")
	cmd.Flags().StringVar(&out, "out", "", "file to write, .safetensors")
	must(cmd, "data", "shapes", "out")
	return cmd
}

// shippedCanonical returns the canonical mesh of this version.
func shippedCanonical() (*face.Canonical, error) {
	b, err := weights.Shipped(model.KindCanonical)
	if err != nil {
		return nil, err
	}
	f, err := model.Decode(b)
	if err != nil {
		return nil, err
	}
	return model.LoadCanonical(f)
}

// stages returns a reporter that writes a line when a stage ends, and each
// second of one.
func stages(w io.Writer) func(stage string, done, total int) {
	var mu sync.Mutex
	next := time.Now().Add(time.Second)
	return func(stage string, done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.After(next) || done >= total {
			next = now.Add(time.Second)
			fmt.Fprintf(w, "%s %d/%d\n", stage, done, total)
		}
	}
}
