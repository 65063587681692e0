// Command precompress writes FILE.br and FILE.gz beside every file of a folder
// that shrinks, so that the server need not compress.
//
//	go run ./tools/precompress [-level 5] DIR
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"
)

// small is the size in bytes below which a file is left alone.
const small = 1024

var shrinks = map[string]bool{".wasm": true, ".js": true, ".css": true, ".html": true, ".json": true, ".svg": true}

func main() {
	level := flag.Int("level", 5, "brotli level, 0 to 11; 11 takes a minute and is for releases")
	flag.Parse()
	if flag.NArg() != 1 || *level < 0 || *level > 11 {
		flag.Usage()
		os.Exit(64)
	}
	if err := filepath.WalkDir(flag.Arg(0), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !shrinks[filepath.Ext(path)] {
			return err
		}
		return compress(path, *level)
	}); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(74)
	}
}

func compress(path string, level int) error {
	raw, err := os.ReadFile(path)
	if err != nil || len(raw) < small {
		return err
	}
	for ending, writer := range map[string]func(io.Writer) io.WriteCloser{
		".br": func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, level) },
		".gz": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	} {
		var b bytes.Buffer
		w := writer(&b)
		if _, err := w.Write(raw); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(path+ending, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
