package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"mien/native/internal/bench"
	"mien/shared/device/cpu"
	"mien/shared/device/cpu/kernel"
	"mien/shared/model"
)

func benchCommand() *cobra.Command {
	var file, variant string
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure convolutions, training steps and frames on this machine",
		Example: "  mien bench\n  mien bench --kernel avx2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if variant != "" {
				if err := kernel.SetVariant(variant); err != nil {
					return usage(err, "")
				}
			}
			f, err := modelOr(file, model.KindGenerator)
			if err != nil {
				return err
			}
			ctx, out, d := cmd.Context(), cmd.OutOrStdout(), cpu.New()
			fmt.Fprintf(out, "%s of %v, %d threads, %s/%s\n\n%s\n", d.Name(), kernel.Variants(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, bench.Head)
			show := func(r bench.Row) { fmt.Fprintln(out, r) }
			for _, s := range bench.ConvShapes {
				if err := bench.Convolutions(ctx, d, s, show); err != nil {
					return err
				}
			}
			for _, preset := range []string{"tiny", "mien"} {
				if err := bench.Training(ctx, d, preset, show); err != nil {
					return err
				}
			}
			return bench.Frame(ctx, d, f, show)
		},
	}
	cmd.Flags().StringVar(&file, "model", "", "generator for the frame (default: the shipped one)")
	cmd.Flags().StringVar(&variant, "kernel", "", "kernel variant (default: the fastest that this machine runs)")
	return cmd
}
