package cli

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mien/native/internal/checkpoint"
	"mien/native/internal/dataset"
	"mien/shared/edit"
	"mien/shared/model"
	"mien/weights"
)

func meshCommand() *cobra.Command {
	var root string
	var o dataset.MeshOptions
	cmd := &cobra.Command{
		Use:   "mesh --data DIR",
		Short: "Find the face mesh of every picture of a data set",
		Long: "Find the face mesh of every picture of a data set, folders or shards, and keep it beside the pictures (PART/processed/meshes.bin) or,\n" +
			"where nobody may write there, in the user's cache. mien train then sees every face in the frame that its mesh gives, as\n" +
			"an editor does, and readers see the mesh. Interrupt it or kill it at any time; the same command goes on, and takes up\n" +
			"pictures that changed or came since.",
		Example: "  mien data mesh --data faces",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := weights.Shipped(model.KindMesh)
			if err != nil {
				return err
			}
			o.Network = sha256.Sum256(b)
			for range runtime.GOMAXPROCS(0) {
				f, err := shippedFinder()
				if err != nil {
					return err
				}
				o.Finders = append(o.Finders, f)
			}
			o.Progress = progress(cmd.ErrOrStderr())("meshes")
			o.Say = func(s string) { fmt.Fprintln(cmd.ErrOrStderr(), s) }
			r, err := dataset.Meshes(cmd.Context(), root, o)
			if err != nil {
				return hinted(err)
			}
			return writeJSON(cmd.OutOrStdout(), r)
		},
	}
	cmd.Flags().StringVar(&root, "data", "", "folder of labelled faces, or of shards")
	cmd.Flags().StringVar(&o.Out, "out", "", "folder for the meshes (default: beside the pictures, else the user's cache)")
	must(cmd, "data")
	return cmd
}

// meshFile is what mien read --mesh writes.
type meshFile struct {
	Score  float32     `json:"score"`  // probability that it is a face
	Eyes   [][2]number `json:"eyes"`   // centres, left in the photo first
	Tilt   number      `json:"tilt"`   // radians, positive when the right eye is lower
	Points [][3]number `json:"points"` // in the order of MediaPipe's face mesh: x and y in pixels of the photo, pixel i covering i to i+1; z in the same unit, negative towards the camera
}

// number is written with a thousandth's precision.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, math.Round(float64(n)*1000)/1000, 'f', -1, 64), nil
}

// writeMesh writes the mesh of the face that an editor has chosen.
func writeMesh(path string, e *edit.Editor) error {
	f, ok := e.Face()
	if !ok {
		return data(errors.New("the face has no mesh: no network is sure that there is a face where the eyes are"), "")
	}
	m := meshFile{Score: f.Score, Tilt: number(f.Tilt)}
	for _, p := range [...][2]float64{f.Left, f.Right} {
		m.Eyes = append(m.Eyes, [2]number{number(p[0]), number(p[1])})
	}
	for _, p := range f.Mesh {
		m.Points = append(m.Points, [3]number{number(p[0]), number(p[1]), number(p[2])})
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return checkpoint.WriteFile(path, append(b, '\n'))
}

// meshesFlag says where meshes of a data set lie.
func meshesFlag(f *pflag.FlagSet, dir *string) {
	f.StringVar(dir, "meshes", "", "folder of the data set's meshes, as given to mien data mesh --out (default: beside the pictures, else the user's cache)")
}
