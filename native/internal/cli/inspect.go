package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/plan"
)

// readModel reads a model file from disk.
func readModel(path string) (*model.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > model.MaxFile {
		return nil, data(fmt.Errorf("read %q: %d bytes, at most %d are read", path, info.Size(), model.MaxFile), "")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := model.Decode(b)
	if err != nil {
		return nil, data(fmt.Errorf("read %q: %w", path, err), "is it a .safetensors file that mien wrote?")
	}
	return f, nil
}

func inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "inspect FILE",
		Short:   "Say what a model file holds",
		Example: "  mien inspect weights/mien.safetensors",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := readModel(args[0])
			if err != nil {
				return err
			}
			info, err := f.Info()
			var p *plan.Plan
			if err == nil {
				p, err = f.Plan()
			}
			if err != nil {
				return data(fmt.Errorf("read %q: %w", args[0], err), "is it a model file that mien wrote?")
			}
			values := 0
			for _, t := range f.Tensors {
				values += len(t.Data)
			}
			out := cmd.OutOrStdout()
			if info.Source != "" {
				fmt.Fprintf(out, "%s, %dx%d pixels, imported from %s, sha256 %s\n", info.Kind, info.Size, info.Size, info.Source, info.SourceSum)
			} else {
				fmt.Fprintf(out, "%s %s, %dx%d pixels, after step %d\n", info.Kind, info.Preset, info.Size, info.Size, info.Step)
			}
			fmt.Fprintf(out, "licence: %s\n%d tensors, %d values; %d steps, %d floats of working memory\n",
				info.Licence, len(f.Tensors), values, len(p.Steps), p.Layout().Size)
			return nil
		},
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version and kernels",
		Example: "  mien version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("this program was built without module information")
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "mien %s, %s, %s/%s, %s\n", b.Main.Version, b.GoVersion, runtime.GOOS, runtime.GOARCH, cpu.New().Name())
			return err
		},
	}
}
