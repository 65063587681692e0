package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mien/native/internal/checkpoint"
	"mien/native/internal/onnx"
)

func exportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export FILE --onnx OUT.onnx",
		Short: "Write a model for other runtimes",
		Long: "Write a model as an ONNX file, opset 13. Inputs and outputs keep their names and shapes: photo [1 S S 3] in -1 to 1 and\n" +
			"change [1 17] to warp, shade, mask and colour; or photo to au, landmarks and eyes.",
		Example: "  mien export weights/mien.safetensors --onnx mien.onnx",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.EqualFold(filepath.Ext(out), ".onnx") {
				return usage(fmt.Errorf("output %q: want a name that ends in .onnx", out), "")
			}
			f, err := readModel(args[0])
			if err != nil {
				return err
			}
			b, err := onnx.Export(f)
			if err != nil {
				return data(err, "see mien inspect")
			}
			return checkpoint.WriteFile(out, b)
		},
	}
	cmd.Flags().StringVar(&out, "onnx", "", "file to write")
	must(cmd, "onnx")
	return cmd
}
