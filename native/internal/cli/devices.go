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
	"mien/shared/device/webgpu"
)

func devicesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "devices",
		Short:   "List what can compute: the CPU and every GPU, with limits and measured speed",
		Example: "  mien devices",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			c := cpu.New()
			fmt.Fprintf(out, "cpu         %s, %d threads\n", c.Name(), runtime.GOMAXPROCS(0))
			if err := speed(cmd.Context(), out, c); err != nil {
				return err
			}
			all, err := adapters()
			if err != nil {
				fmt.Fprintf(out, "webgpu      %v\n", err)
			} else if len(all) == 0 {
				fmt.Fprintf(out, "webgpu      %v\n            %s\n", webgpu.ErrNoAdapter, hintVulkan)
			}
			for i, a := range all {
				fmt.Fprintf(out, "webgpu:%-4d %s, %s, %s %s\n            %s in one tensor, %s in one buffer, %d KiB shared by a workgroup\n",
					i, a.Name, a.Kind, a.Backend, a.Driver, size(a.MaxBinding), size(a.MaxBuffer), a.MaxShared>>10)
				d, err := webgpu.Open(i)
				if err != nil {
					fmt.Fprintf(out, "            %v\n", err)
					continue
				}
				if err := speed(cmd.Context(), out, d); err != nil {
					return err
				}
				if err := d.Close(); err != nil {
					return err
				}
			}
			_, why, err := choose("auto")
			fmt.Fprintf(out, "\n--device auto takes %s\n", why)
			return err
		},
	}
}

// smallConv is what an adapter in software can finish.
var smallConv = bench.ConvShape{Batch: 1, Side: 32, In: 64, Out: 64, Kernel: 3, Stride: 1}

// software reports whether d is a GPU's stand-in on the processor.
func software(d device.Device) bool {
	g, ok := d.(*webgpu.Device)
	return ok && g.Adapter().Software
}

// speed measures a convolution and its gradients on d.
func speed(ctx context.Context, out io.Writer, d device.Device) error {
	shape := bench.ConvShapes[0]
	if software(d) {
		shape = smallConv
	}
	return bench.Convolutions(ctx, d, shape, bench.Rivals{}, func(r bench.Row) {
		fmt.Fprintf(out, "            %7.1f GFLOP/s  %s\n", r.GFLOPs(), r.Name)
	})
}

// size prints bytes.
func size(n int64) string {
	switch {
	case n >= 1<<40:
		return "any size"
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
