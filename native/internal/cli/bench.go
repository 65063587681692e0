package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"mien/native/internal/bench"
	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/device/cpu/kernel"
	"mien/shared/device/webgpu"
	"mien/shared/model"
)

func benchCommand() *cobra.Command {
	var file, variant, processor string
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure convolutions, training steps and frames on this machine",
		Example: "  mien bench\n  mien bench --kernel avx2\n  mien bench --device webgpu",
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
			ctx, out := cmd.Context(), cmd.OutOrStdout()
			fmt.Fprintf(out, "kernels of the CPU: %v, %d threads, %s/%s\n", kernel.Variants(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH)
			if processor != "all" {
				d, _, err := choose(processor)
				if err != nil {
					return err
				}
				return measureOn(ctx, out, d, f)
			}
			if err := measureOn(ctx, out, cpu.New(), f); err != nil {
				return err
			}
			all, err := adapters()
			if err == nil && len(all) == 0 {
				err = webgpu.ErrNoAdapter
			}
			if err != nil {
				fmt.Fprintf(out, "\nwebgpu: %v\n", err)
				return nil
			}
			d, err := openGPU(0, false)
			if err != nil {
				return err
			}
			return measureOn(ctx, out, d, f)
		},
	}
	cmd.Flags().StringVar(&file, "model", "", "generator for the frame (default: the shipped one)")
	cmd.Flags().StringVar(&variant, "kernel", "", "kernel variant (default: the fastest that this machine runs)")
	cmd.Flags().StringVar(&processor, "device", "all", "what to measure: all (the CPU, then a GPU if one answers), cpu, webgpu or webgpu:N")
	return cmd
}

// measureOn prints the table of one device. An adapter in software gets shapes
// that it can finish.
func measureOn(ctx context.Context, out io.Writer, d device.Device, f *model.File) (err error) {
	defer closeDevice(d, &err)
	shapes, presets, batch := bench.ConvShapes, []string{"tiny", "mien"}, 0
	if g, ok := d.(*webgpu.Device); ok && g.Adapter().Software {
		shapes, presets, batch = []bench.ConvShape{{Batch: 1, Side: 32, In: 64, Out: 64, Kernel: 3, Stride: 1}}, presets[:1], 2
	}
	fmt.Fprintf(out, "\n%s\n%s\n", d.Name(), bench.Head)
	show := func(r bench.Row) { fmt.Fprintln(out, r) }
	for _, s := range shapes {
		if err := bench.Convolutions(ctx, d, s, show); err != nil {
			return err
		}
	}
	for _, preset := range presets {
		if err := bench.Training(ctx, d, preset, batch, show); err != nil {
			return err
		}
	}
	return bench.Frame(ctx, d, f, show)
}
