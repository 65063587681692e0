package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mien/native/internal/bench"
	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/device/cpu/kernel"
	"mien/shared/device/webgpu"
	"mien/shared/model"
)

func benchCommand() *cobra.Command {
	var file, variant, processor, peer string
	var training []string
	var half bool
	var convolutions, shares bool
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure convolutions, training steps and frames on this machine",
		Example: "  mien bench\n  mien bench --kernel avx2\n  mien bench --device webgpu\n  mien bench --device cpu --peer tools/peer.py --training e8:8",
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
			steps, err := parseTraining(training)
			if err != nil {
				return usage(err, "")
			}
			ctx, out := cmd.Context(), cmd.OutOrStdout()
			rivals := bench.Rivals{}
			if peer != "" {
				if rivals.Peer, err = bench.StartPeer(ctx, peer); err != nil {
					return err
				}
				defer rivals.Peer.Close()
				fmt.Fprintf(out, "peer: %s\n", rivals.Peer.Name)
			}
			fmt.Fprintf(out, "kernels of the CPU: %v, %d threads, %s/%s\n", kernel.Variants(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH)
			if shares {
				for _, s := range steps {
					table, err := bench.Shares(ctx, s.preset, s.batch)
					if err != nil {
						return err
					}
					fmt.Fprintf(out, "\ntraining step, preset %s: where its time goes on %s\n%s", s.preset, cpu.New().Name(), bench.FormatShares(table))
				}
				return nil
			}
			if processor != "all" {
				d, _, err := choose(processor, halfOptions(half)...)
				if err != nil {
					return err
				}
				return measureOn(ctx, out, d, f, convolutions, steps, rivals)
			}
			if err := measureOn(ctx, out, cpu.New(), f, convolutions, steps, rivals); err != nil {
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
			d, err := openGPU(0, false, halfOptions(half)...)
			if err != nil {
				return err
			}
			return measureOn(ctx, out, d, f, convolutions, steps, rivals)
		},
	}
	cmd.Flags().StringVar(&file, "model", "", "generator for the frame (default: the shipped one)")
	cmd.Flags().StringVar(&variant, "kernel", "", "kernel variant (default: the fastest that this machine runs)")
	cmd.Flags().StringVar(&processor, "device", "all", "what to measure: all (the CPU, then a GPU if one answers), cpu, webgpu or webgpu:N")
	halfFlag(cmd.Flags(), &half)
	cmd.Flags().StringVar(&peer, "peer", "", "program that runs the same in turn with ours: tools/peer.py, with PyTorch")
	cmd.Flags().BoolVar(&shares, "shares", false, "print instead where the time of training steps goes, on the CPU")
	cmd.Flags().BoolVar(&convolutions, "convolutions", true, "measure single convolutions and their gradients")
	cmd.Flags().StringSliceVar(&training, "training", []string{"tiny", "mien"}, "presets whose training steps are measured, each PRESET or PRESET:BATCH")
	return cmd
}

// drill is a preset whose steps are measured; batch 0 is the preset's own.
type drill struct {
	preset string
	batch  int
}

func parseTraining(words []string) ([]drill, error) {
	var drills []drill
	for _, word := range words {
		preset, number, given := strings.Cut(word, ":")
		d := drill{preset: preset}
		if given {
			var err error
			if d.batch, err = strconv.Atoi(number); err != nil || d.batch < 1 {
				return nil, fmt.Errorf("training %q: want PRESET or PRESET:BATCH", word)
			}
		}
		drills = append(drills, d)
	}
	return drills, nil
}

// measureOn prints the table of one device. An adapter in software gets shapes
// that it can finish.
func measureOn(ctx context.Context, out io.Writer, d device.Device, f *model.File, convolutions bool, steps []drill, rivals bench.Rivals) (err error) {
	defer closeDevice(d, &err)
	shapes := bench.ConvShapes
	fmt.Fprintf(out, "\n%s", d.Name())
	if _, ok := d.(*webgpu.Device); ok {
		if software(d) {
			shapes, steps = []bench.ConvShape{smallConv}, []drill{{"tiny", 2}}
		}
		rivals = bench.Rivals{}
	} else if peak := bench.Peak(); peak > 0 {
		fmt.Fprintf(out, ", %.0f GFLOP/s between registers; convolutions count as direct ones, whose products they need not all compute", peak)
		rivals.Peak = true
	}
	fmt.Fprintf(out, "\n%s\n", bench.Head)
	show := func(r bench.Row) { fmt.Fprintln(out, r) }
	if !convolutions {
		shapes = nil
	}
	for _, s := range shapes {
		if err := bench.Convolutions(ctx, d, s, rivals, show); err != nil {
			return err
		}
	}
	for _, s := range steps {
		if err := bench.Training(ctx, d, s.preset, s.batch, rivals, show); err != nil {
			return err
		}
	}
	return bench.Frame(ctx, d, f, show)
}
