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
	"mien/native/internal/prior"
	"mien/native/internal/train"
)

// priorSize is the side of the pictures that the prior is fitted on: that of its
// shading.
const priorSize = 64

func priorCommand() *cobra.Command {
	var folder, out string
	cmd := &cobra.Command{
		Use:   "prior --data DIR --out FILE",
		Short: "Fit the prior, the teacher of the default model",
		Long: "Fit the prior: an editor without a network, whose pictures teach one (mien train --prior). It needs people who are\n" +
			"there more than once, with Action Units and 68 landmarks; the people whom mien eval --validation looks at are left out.",
		Example: "  mien prior --data faces --out prior.safetensors",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(folder); err != nil {
				return usage(err, "give a folder in OpenFace's layout")
			}
			shown := progress(cmd.ErrOrStderr())
			d, err := dataset.Open(cmd.Context(), folder, dataset.Options{Size: priorSize, ValidationFraction: train.Validation, Progress: shown("read")})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d faces: %s\n", d.Train.Len(), d.Report)
			p, report, err := prior.Fit(cmd.Context(), d.Train, shown("fit"))
			if errors.Is(err, prior.ErrData) {
				return data(err, "give labelled faces with landmarks68.csv and meta.csv beside EmotioNet.csv, people several times")
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), report)
			b, err := p.Encode()
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
	cmd.Flags().StringVar(&out, "out", "", "file to write, .safetensors")
	must(cmd, "data", "out")
	return cmd
}

// progress returns reporters that write a line each second: what is done, at
// which rate, and how long it will still take.
func progress(w io.Writer) func(what string) func(done, total int) {
	return func(what string) func(done, total int) {
		var mu sync.Mutex
		began := time.Now()
		next := began.Add(time.Second)
		return func(done, total int) {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			if now.Before(next) && done < total || done == 0 {
				return
			}
			next = now.Add(time.Second)
			rate := float64(done) / now.Sub(began).Seconds()
			left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
			fmt.Fprintf(w, "%s %d/%d  %.0f faces/s  %s left\n", what, done, total, rate, left)
		}
	}
}
