// Command mien edits the expression on a face and trains the networks that do.
package main

import (
	"os"

	"mien/native/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdout, os.Stderr)) }
