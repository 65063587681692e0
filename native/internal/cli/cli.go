// Package cli is the command line of Mien.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, as in sysexits.h.
const (
	exitOK      = 0
	exitUsage   = 64
	exitData    = 65
	exitUnsaved = 73 // stopped when asked to, and could not save
	exitIO      = 74
	exitStopped = 130 // when asked to; what there was to save is saved, unless asked twice
)

// failure is an error with an exit code and a hint for the person.
type failure struct {
	code int
	hint string
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage marks an error of how the command was called.
func usage(err error, hint string) error { return &failure{exitUsage, hint, err} }

// data marks an error of what the command was given to read.
func data(err error, hint string) error { return &failure{exitData, hint, err} }

// code returns the exit code of err: an explicit one, 74 for the file
// system's, else 65.
func code(err error) int {
	var f *failure
	var path *fs.PathError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitStopped
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &path):
		return exitIO
	}
	return exitData
}

// Run executes the command line args and returns its exit code. The first
// SIGINT, SIGTERM or SIGHUP asks the command to stop, the second ends the
// program.
func Run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := interruptible()
	defer stop()
	root := command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(stderr, "error: %v\n", err)
		var f *failure
		if errors.As(err, &f) && f.hint != "" {
			fmt.Fprintf(stderr, "hint: %s\n", f.hint)
		}
	}
	return code(err)
}

func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	asked := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup it shall be
		asked = append(asked, syscall.SIGHUP)
	}
	signal.Notify(signals, asked...)
	go func() {
		if _, ok := <-signals; ok {
			cancel()
		}
		if _, ok := <-signals; ok {
			fmt.Fprintln(os.Stderr, "ended at once: what was not saved is lost")
			os.Exit(exitStopped)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel() }
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "mien",
		Short:         "Edit the expression on a face, and train the networks that do",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(err, fmt.Sprintf("see %s --help", c.CommandPath()))
	})
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(demoCommand(), serveCommand(), trainCommand(), priorCommand(), rigCommand(), evalCommand(), dataCommand(), editCommand(), readCommand(), inspectCommand(), exportCommand(), devicesCommand(), benchCommand(), versionCommand())
	explain(root)
	root.Args = func(_ *cobra.Command, given []string) error {
		if len(given) > 0 {
			return usage(fmt.Errorf("command %q: unknown", given[0]), "see mien --help")
		}
		return nil
	}
	return root
}

// explain makes wrong arguments of every command under c an error of usage.
func explain(c *cobra.Command) {
	for _, sub := range c.Commands() {
		args, group := sub.Args, sub.HasSubCommands()
		sub.Args = func(c *cobra.Command, given []string) error {
			if group && len(given) > 0 {
				return usage(fmt.Errorf("command %q: unknown", given[0]), fmt.Sprintf("see %s --help", c.CommandPath()))
			}
			if err := args(c, given); err != nil {
				return usage(err, fmt.Sprintf("see %s --help", c.CommandPath()))
			}
			return nil
		}
		explain(sub)
	}
}
