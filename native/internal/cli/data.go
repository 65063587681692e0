package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"mien/native/internal/dataset"
	"mien/native/internal/fetch"
)

func dataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Fetch, label, look at and pack faces to train on",
		Long: "Fetch, label, look at and pack faces to train on. From a list of addresses to a data set:\n\n" +
			"  mien data fetch --list emotionet_1.txt --out raw\n  mien data label --in raw --out faces/emotionet\n" +
			"  mien data stats --data faces --sheet faces.png\n  mien data shard --data faces --out shards\n" +
			"  mien data verify --data shards\n  mien train --preset e8 --data shards",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(fetchCommand(), labelCommand(), statsCommand(), verifyCommand(), shardCommand(), indexCommand(), meshCommand())
	return cmd
}

func fetchCommand() *cobra.Command {
	var o fetch.Options
	cmd := &cobra.Command{
		Use:   "fetch --list FILE --out DIR",
		Short: "Download the pictures of EmotioNet's URL files",
		Long: "Download the pictures of URL files: tab-separated, URL, URL_orig, and what else a line has. The second address is asked\n" +
			"when the first has no picture. Interrupt it or kill it at any time; the same command goes on. What became of each\n" +
			"row is in DIR/fetch.jsonl. No proxy is used, and no address of the own network is asked unless --allow-private.",
		Example: "  mien data fetch --list emotionet_1.txt --list emotionet_2.txt --out raw",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Progress = func(s fetch.Status) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s; %.0f rows/s, %s left\n", s, s.Rate, s.ETA.Round(time.Second))
			}
			s, err := fetch.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), s)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Lists, "list", nil, "URL file; may be given more than once")
	f.StringVar(&o.Out, "out", "", "folder for the pictures")
	f.IntVar(&o.Concurrency, "concurrency", 32, "requests at once")
	f.IntVar(&o.PerHost, "per-host", 2, "of them to one host")
	f.DurationVar(&o.Delay, "delay", 100*time.Millisecond, "between two requests to one host")
	f.IntVar(&o.Tries, "tries", 3, "of each address")
	f.DurationVar(&o.Backoff, "backoff", 2*time.Second, "before the second try, then double")
	f.DurationVar(&o.Timeout, "timeout", 30*time.Second, "of a request")
	f.Int64Var(&o.MaxBytes, "max-bytes", 16<<20, "of a picture's file")
	f.StringVar(&o.UserAgent, "user-agent", "mien-fetch/1", "say here who you are, so that hosts can write to you")
	f.BoolVar(&o.AllowPrivate, "allow-private", false, "ask hosts of the own network too")
	f.BoolVar(&o.Again, "again", false, "ask once more for rows whose servers did not answer")
	must(cmd, "list", "out")
	return cmd
}

func verifyCommand() *cobra.Command {
	var root, columns string
	cmd := &cobra.Command{
		Use:     "verify --data DIR",
		Short:   "Look at every row, picture and shard of a data set",
		Long:    "Look at every row, picture and shard of a data set, or every picture of a fetch, and count what is wrong. The exit code is\n65 when a picture of a usable row cannot be read or a shard is damaged.",
		Example: "  mien data verify --data faces",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if fetch.Is(root) {
				v, err := fetch.Verify(cmd.Context(), root, progress(cmd.ErrOrStderr())("verified"))
				if err != nil {
					return err
				}
				if err := writeJSON(cmd.OutOrStdout(), v); err != nil {
					return err
				}
				if !v.Sound() {
					return data(fmt.Errorf("%q is not what was fetched", root), "mien data fetch gets what is missing again")
				}
				return nil
			}
			v, err := dataset.Verify(cmd.Context(), root, dataset.Columns(columns), progress(cmd.ErrOrStderr())("verified"))
			if err != nil {
				return hinted(err)
			}
			if err := writeJSON(cmd.OutOrStdout(), v); err != nil {
				return err
			}
			if !v.Sound() {
				return data(fmt.Errorf("data set %q is not sound", root), "training leaves out what it cannot read; fetch damaged shards again")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&root, "data", "", "folder of labelled faces, or of shards")
	columnsFlag(cmd, &columns)
	must(cmd, "data")
	return cmd
}

func shardCommand() *cobra.Command {
	var root, out string
	var megabytes int64
	cmd := &cobra.Command{
		Use:   "shard --data DIR --out DIR",
		Short: "Pack a data set into tar files",
		Long: "Pack a data set into tar files of about 256 MB with their SHA-256 and an index: for sets of more small files than a disk\n" +
			"likes. mien train reads them as they are; unpacked, they are folders again. An interrupted run goes on.",
		Example: "  mien data shard --data faces --out shards",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if megabytes < 1 || megabytes > 1<<20 {
				return usage(fmt.Errorf("shards of %d MB: want 1 to %d", megabytes, 1<<20), "")
			}
			s, err := dataset.Shard(cmd.Context(), root, out, dataset.ShardOptions{Bytes: megabytes << 20, Progress: progress(cmd.ErrOrStderr())("packed")})
			if err != nil {
				return hinted(err)
			}
			return writeJSON(cmd.OutOrStdout(), s)
		},
	}
	cmd.Flags().StringVar(&root, "data", "", "folder of labelled faces")
	cmd.Flags().StringVar(&out, "out", "", "folder for the shards")
	cmd.Flags().Int64Var(&megabytes, "megabytes", dataset.ShardBytes>>20, "size of a shard")
	must(cmd, "data", "out")
	return cmd
}

func indexCommand() *cobra.Command {
	var root, columns string
	cmd := &cobra.Command{
		Use:     "index --data DIR",
		Short:   "Write the index from which training starts at once",
		Long:    "Read the tables of a data set once and write DIR/mien-COLUMNS.index, from which training starts at once. It is used as\nlong as tables and folders are the same; after a change, run this again.",
		Example: "  mien data index --data faces",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := dataset.Index(cmd.Context(), root, dataset.Columns(columns), func(faces int) {
				fmt.Fprintf(cmd.ErrOrStderr(), "indexed %d faces\n", faces)
			})
			if err != nil {
				return hinted(err)
			}
			return writeJSON(cmd.OutOrStdout(), report)
		},
	}
	cmd.Flags().StringVar(&root, "data", "", "folder of labelled faces, or of shards")
	columnsFlag(cmd, &columns)
	must(cmd, "data")
	return cmd
}

func columnsFlag(cmd *cobra.Command, columns *string) {
	cmd.Flags().StringVar(columns, "columns", string(dataset.Intensity), "labels: intensity or presence")
	run := cmd.RunE
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if v := dataset.Columns(*columns); v != dataset.Intensity && v != dataset.Presence {
			return usage(fmt.Errorf("columns %q: want %s or %s", v, dataset.Intensity, dataset.Presence), "")
		}
		return run(c, args)
	}
}

// hinted adds to an error of a data set what one looks like.
func hinted(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) || errors.Is(err, context.Canceled) {
		return err
	}
	return data(err, "give a folder in OpenFace's layout, or one of shards")
}

// writeJSON writes v for programs, indented for people.
func writeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
