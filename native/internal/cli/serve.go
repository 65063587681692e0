package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"mien/native/internal/server"
	"mien/native/internal/train"
	"mien/shared/device"
	"mien/weights"
)

// version is what the page and healthz say.
const version = "0.1"

func demoCommand() *cobra.Command {
	c := serveCommand()
	c.Use = "demo"
	c.Short = "Serve the page with the shipped weights"
	c.Long = "Serve the page with the shipped weights on this machine alone, and print its address."
	c.Example = "  mien demo"
	return c
}

func serveCommand() *cobra.Command {
	var addr, runs, watch, processor string
	var hosts []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the page, and let it train and follow runs",
		Long: "Serve the page. With --watch it follows a running mien train and loads each new set of weights.\n" +
			"Whoever has the printed token may start and stop training.",
		Example: "  mien serve --watch runs/tiny\n  mien serve --addr 0.0.0.0:7860 --host faces.example.org",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			d, why, err := choose(processor)
			if err != nil {
				return err
			}
			defer closeDevice(d, &err)
			if err := os.MkdirAll(runs, 0o755); err != nil {
				return err
			}
			if watch != "" {
				// Of a link no weights are served: what it names is followed.
				if real, err := filepath.EvalSymlinks(watch); err == nil {
					watch = real
				}
				a, errA := filepath.Abs(filepath.Dir(watch))
				b, errB := filepath.Abs(runs)
				if err := errors.Join(errA, errB); err != nil {
					return err
				}
				if a != b {
					runs = filepath.Dir(watch)
				}
			}
			s, err := server.New(server.Config{
				Page: server.Page(), Weights: weights.Files, Runs: runs, Watch: watch, Hosts: hosts, Version: version, Trainer: trainOn(d),
				Log: func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) },
			})
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "runs started from the page train on", why)
			err = s.Serve(cmd.Context(), addr, func(a net.Addr) {
				fmt.Fprintf(cmd.OutOrStdout(), "Mien is at  http://%s/?token=%s\nCtrl-C stops it.\n", reachable(a), s.Token())
			})
			if errors.Is(err, syscall.EADDRINUSE) {
				return &failure{exitIO, "another program, perhaps another mien, uses that port: choose one with --addr 127.0.0.1:7861", err}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&addr, "addr", "127.0.0.1:7860", "address to listen on")
	deviceFlag(f, &processor, "auto")
	f.StringVar(&runs, "runs", "runs", "directory of training runs")
	f.StringVar(&watch, "watch", "", "run directory to follow")
	f.StringArrayVar(&hosts, "host", nil, "a further name that this server is called by")
	return cmd
}

// reachable is the address as a browser on this machine asks for it.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// trainOn trains on d what a page asked for.
func trainOn(d device.Device) func(context.Context, server.Job) error {
	return func(ctx context.Context, j server.Job) error {
		_, err := train.Run(ctx, train.Config{Preset: j.Preset, Data: j.Data, Steps: j.Steps, Seed: j.Seed, Out: j.Out, Every: 100,
			Device: d, Wait: func() { j.Wait(ctx) }})
		return err
	}
}
