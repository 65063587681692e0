package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

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
	cmd.AddCommand(fetchCommand())
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

// writeJSON writes v for programs, indented for people.
func writeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
