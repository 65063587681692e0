package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mien/native/internal/net"
	"mien/native/internal/train"
	"mien/shared/device/webgpu"
	"mien/shared/model"
)

func trainCommand() *cobra.Command {
	c, recipe := train.Config{}, &recipeFlags{}
	var processor string
	var names []string
	var inception string
	for _, p := range train.Presets() {
		names = append(names, fmt.Sprintf("  %-12s %s", p.Name, p.About))
	}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a network; interrupt and go on at will",
		Long: "Train a network. Ctrl-C saves; --resume goes on, to the same bytes as a run never stopped.\n\nPresets:\n" +
			strings.Join(names, "\n"),
		Example: "  mien train --preset tiny --data synth --steps 200\n  mien train --preset reader --data faces --out runs/reader",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if _, err := train.Find(c.Preset); err != nil {
				return usage(err, "see mien train --help")
			}
			c.Given = given(cmd)
			if err := recipe.into(cmd, &c); err != nil {
				return usage(err, "see mien train --help")
			}
			if c.Out == "" {
				c.Out = filepath.Join("runs", c.Preset)
			}
			if c.Data != "synth" {
				if _, err := os.Stat(c.Data); err != nil {
					return usage(err, `give a folder in OpenFace's layout, or --data synth for drawn faces`)
				}
			}
			c.Log = cmd.ErrOrStderr()
			var why string
			if c.Device, why, err = choose(processor); err != nil {
				return err
			}
			defer closeDevice(c.Device, &err)
			fmt.Fprintln(c.Log, "device:", why)
			if inception != "" || cmd.Flags().Changed("fid-interval") {
				var judge *model.File
				if inception == "" {
					var err error
					if judge, err = modelOr(c.Reader, model.KindReader); err != nil {
						return err
					}
				}
				e, err := extractorOf(c.Device, inception, judge)
				if err != nil {
					return err
				}
				defer e.Close()
				c.Measure = e
			}
			result, err := train.Run(cmd.Context(), c)
			if result.Weights != "" && (err == nil || cmd.Context().Err() != nil || errors.Is(err, train.ErrDiverged)) {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", result.SHA256, result.Weights)
			}
			return explained(cmd, err)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Preset, "preset", "tiny", "what to train")
	deviceFlag(f, &processor, "auto")
	f.StringVar(&c.Data, "data", "synth", "folder of labelled faces, or synth")
	meshesFlag(f, &c.Meshes)
	f.StringVar(&c.Out, "out", "", "run directory (default runs/PRESET)")
	f.IntVar(&c.Steps, "steps", 0, "training steps (default: the preset's)")
	f.Float64Var(&c.Minutes, "minutes", 0, "end after so many minutes of training steps, over all resumes; phases and rates stay those of --steps (default: no limit)")
	f.IntVar(&c.Batch, "batch", 0, "faces a step (default: the preset's)")
	f.IntVar(&c.TrainSize, "train-size", 0, "at most so many faces, 0 for all")
	f.StringVar(&c.People, "people", "", "even or odd: train on half of the folder's people")
	f.Uint64Var(&c.Seed, "seed", 1, "of everything random")
	f.StringVar(&c.Reader, "reader", "", "model file of a fixed AU reader for the AU loss")
	f.StringVar(&c.From, "from", "", "model file of the same network, of any size, whose weights to start from")
	f.StringVar(&c.Prior, "prior", "", "file of the prior whose pictures teach (see mien prior)")
	f.BoolVar(&c.Untaught, "no-prior", false, "learn without any teacher's pictures")
	f.IntVar(&c.Every, "every", 200, "write weights and samples each so many steps")
	f.DurationVar(&c.Save, "save", 2*time.Minute, "write a checkpoint each so often")
	f.IntVar(&c.SaveEvery, "save-interval", 0, "write a checkpoint each so many steps, too")
	f.BoolVar(&c.Resume, "resume", false, "go on from the newest checkpoint, as the run began; flags that say otherwise are refused, but for how long to train and how often to write")
	f.StringVar(&inception, "inception", "", "weights of Inception-v3, .safetensors: FID of edited faces per emotion while training")
	f.IntVar(&c.MeasureEvery, "fid-interval", 1000, "measure each so many steps; without --inception, on the AU reader's features")
	f.IntVar(&c.MeasureFaces, "fid-faces", 1000, "faces of an emotion on each side")
	recipe.flags(cmd, &c)
	return cmd
}

// explained is a training's error with its exit code and what to do.
func explained(cmd *cobra.Command, err error) error {
	var mismatch *train.MismatchError
	switch {
	case errors.Is(err, train.ErrDiverged):
		return data(err, "try another --seed, a smaller --batch or a lower --adam-lr")
	case errors.Is(err, webgpu.ErrLost):
		return &failure{exitIO, "go on from the newest checkpoint with --resume, on the CPU with --device cpu", err}
	case errors.Is(err, train.ErrUnsaved):
		return &failure{exitUnsaved, "free space or mend the disk; --resume goes on from the newest checkpoint", err}
	case errors.Is(err, train.ErrDisk):
		return &failure{exitIO, "free space or mend the disk, then go on with --resume", err}
	case errors.As(err, &mismatch):
		return data(err, fmt.Sprintf("leave %s away to go on as the run began, or choose another directory with --out", flagsOf(cmd, mismatch.Name)))
	}
	return err
}

// fieldOf are the fields of train.Config, by the flags that have another name;
// those of no field have none.
var fieldOf = map[string]string{
	"no-prior": "untaught", "save-interval": "save_every", "fid-interval": "measure_every", "fid-faces": "measure_faces",
	"loss-type": "loss", "adam-lr": "rate", "adam-beta-1": "beta1", "adam-beta-2": "beta2",
	"batch-size": "batch", "sample-interval": "every", "root-data-path": "data",
	"out": "", "device": "", "resume": "", "recover-mode": "", "inception": "", "help": "",
}

// field is the field of train.Config that a flag sets, as train.Config.Given
// names it; "" for none.
func field(flag string) string {
	if name, ok := fieldOf[flag]; ok {
		return name
	}
	return strings.ReplaceAll(flag, "-", "_")
}

// flagsOf are the flags that were given for a field.
func flagsOf(cmd *cobra.Command, name string) string {
	var flags []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if field(f.Name) == name {
			flags = append(flags, "--"+f.Name)
		}
	})
	return strings.Join(flags, ", ")
}

// given lists the fields that flags were given for.
func given(cmd *cobra.Command) []string {
	names := []string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if name := field(f.Name); name != "" {
			names = append(names, name)
		}
	})
	return names
}

// recipeFlags change what a preset trains, by the reference's names; those that
// are not given stay the preset's.
type recipeFlags struct {
	loss               string
	parts              string
	cl, cyc, cycle     float64
	au, penalty        float64
	rate, beta1, beta2 float64
}

func (r *recipeFlags) flags(cmd *cobra.Command, c *train.Config) {
	f := cmd.Flags()
	f.IntVar(&c.Epochs, "epochs", 0, "training steps, as passes over the data (default: the preset's)")
	f.StringVar(&r.loss, "loss-type", "", "game of generator and critic: "+train.Adversaries()+" (default: the preset's)")
	f.StringVar(&c.AULoss, "au-loss", "", "loss of Action Units: "+train.AULosses()+" (default: the preset's)")
	f.Float64Var(&r.cl, "lambda-cl", 0, "weight of the Action Unit losses (default: the preset's)")
	f.Float64Var(&r.cyc, "lambda-cyc", 0, "weight of the reconstruction; of the cycle, where a face is left alone by construction (default: the preset's)")
	f.Float64Var(&r.cycle, "cycle", 0, "weight of the true cycle, edited and edited back (default: the preset's)")
	f.IntVar(&c.DGRatio, "d-g-ratio", 0, "critic steps per generator step (default: the preset's)")
	f.Float64Var(&r.rate, "adam-lr", 0, "Adam's rate (default: the preset's)")
	f.Float64Var(&r.beta1, "adam-beta-1", 0, "Adam's decay of the mean (default: the preset's)")
	f.Float64Var(&r.beta2, "adam-beta-2", 0, "Adam's decay of the square (default: the preset's)")
	f.BoolVar(&c.Attention, "attention", false, "put a self-attention block into generator and critic")
	f.Float64Var(&r.au, "lambda-au", 0, "weight of the generator's Action Unit loss alone (default: the preset's)")
	f.Float64Var(&r.penalty, "penalty", 0, "weight of R1 or the gradient penalty (default: the preset's; 10 with --loss-type wgan-gp)")
	f.StringVar(&r.parts, "parts", "", "warp or paint: how the generator may edit (default: both)")
	f.BoolVar(&c.Absolute, "absolute", false, "tell the generator what a face shall show, not by how much it shall change")
	f.BoolVar(&c.Raw, "raw", false, "write the weights themselves, not their average")
	f.StringVar(&c.Labels, "labels", "", "intensity or presence: which labels to learn from (default: the preset's)")
	// The reference's names of flags that have another here.
	for theirs, ours := range map[string]string{"batch-size": "batch", "sample-interval": "every", "root-data-path": "data", "recover-mode": "resume"} {
		flag := *f.Lookup(ours)
		flag.Name, flag.Usage = theirs, "the same as --"+ours
		f.AddFlag(&flag)
	}
}

// into takes the flags that were given.
func (r *recipeFlags) into(cmd *cobra.Command, c *train.Config) error {
	c.Loss, c.Parts = train.Adversary(r.loss), net.Parts(r.parts)
	for name, to := range map[string]struct {
		value *float64
		to    **float64
	}{
		"lambda-cl": {&r.cl, &c.LambdaCL}, "lambda-cyc": {&r.cyc, &c.LambdaCyc}, "cycle": {&r.cycle, &c.Cycle},
		"lambda-au": {&r.au, &c.LambdaAU}, "penalty": {&r.penalty, &c.Penalty},
		"adam-lr": {&r.rate, &c.Rate}, "adam-beta-1": {&r.beta1, &c.Beta1}, "adam-beta-2": {&r.beta2, &c.Beta2},
	} {
		if cmd.Flags().Changed(name) {
			*to.to = to.value
		}
	}
	if c.Resume { // the rest is in the checkpoint
		return nil
	}
	return c.Check()
}
