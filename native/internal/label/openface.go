package label

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mien/shared/pixel"
)

// OpenFace labels by OpenFace's FeatureExtraction (Baltrusaitis et al., 2018).
type OpenFace struct {
	// Program is the path of FeatureExtraction.
	Program string
	// Arguments come after -fdir, -out_dir and -of. Defaults to OpenFaceArguments.
	Arguments []string
}

// OpenFaceArguments ask for Action Units without the smoothing over time, for the
// photos are no film; and for faces of 112 pixels aligned by a similarity, with
// their background.
var OpenFaceArguments = []string{"-aus", "-au_static", "-pose", "-2Dfp", "-simalign", "-simsize", "112", "-nomask", "-q"}

// FindOpenFace returns the installed FeatureExtraction; false when there is none.
func FindOpenFace() (*OpenFace, bool) {
	path, err := exec.LookPath("FeatureExtraction")
	return &OpenFace{Program: path}, err == nil
}

// Name implements Labeller.
func (o *OpenFace) Name() string { return "OpenFace FeatureExtraction" }

const (
	maxTail = 2000 // bytes of the program's output that an error shows
	look    = time.Second
)

// Label implements Labeller.
func (o *OpenFace) Label(ctx context.Context, photos []string, dir string, done func(n int)) error {
	in, err := os.MkdirTemp(filepath.Dir(dir), "photos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(in)
	for i, p := range photos {
		if err := link(p, filepath.Join(in, fmt.Sprintf("%06d", i+1))); err != nil {
			return err
		}
	}
	args := o.Arguments
	if args == nil {
		args = OpenFaceArguments
	}
	program := exec.CommandContext(ctx, o.Program, append([]string{"-fdir", in, "-out_dir", dir, "-of", strings.TrimSuffix(tableName, ".csv")}, args...)...)
	program.WaitDelay = 5 * time.Second
	var output tail
	program.Stdout, program.Stderr = &output, &output
	if err := program.Start(); err != nil {
		return fmt.Errorf("start %q: %w", o.Program, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	table := filepath.Join(dir, tableName)
	ticks := time.NewTicker(look)
	defer ticks.Stop()
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-ticks.C:
			done(max(lines(table)-1, 0))
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", o.Program, err, output.text())
	}
	if err := checkTable(table, len(photos)); err != nil {
		return fmt.Errorf("%s has ended well, but %w: %s", o.Program, err, output.text())
	}
	return os.MkdirAll(filepath.Join(dir, facesName), 0o755) // none when no photo shows a face
}

// link puts a photo where the program looks, under a name that keeps the order.
// Formats that it does not know are turned into PNG. What is no picture becomes a
// black one: the program would take it for the end of them all, and frames keep
// their numbers.
func link(photo, to string) error {
	f, err := os.Open(photo)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	f.Close()
	if err != nil {
		return err
	}
	img, err := pixel.Decode(b)
	if err != nil {
		img = image.NewNRGBA(image.Rect(0, 0, 64, 64))
	} else if name, _, _, _ := pixel.Probe(b); name == "jpeg" || name == "png" || name == "bmp" {
		path, err := filepath.Abs(photo)
		if err != nil {
			return err
		}
		return os.Symlink(path, to+"."+name)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return err
	}
	return os.WriteFile(to+".png", out.Bytes(), 0o644)
}

// lines counts the lines of a file that is being written.
func lines(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	n, buffer := 0, make([]byte, 64<<10)
	for {
		k, err := f.Read(buffer)
		n += bytes.Count(buffer[:k], []byte("\n"))
		if err != nil {
			return n
		}
	}
}

// checkTable wants the columns that a data set needs, and a row for every photo:
// a program that ended early has not seen the last ones.
func checkTable(path string, photos int) error {
	f, err := os.Open(path)
	if err != nil {
		return errors.New("wrote no " + tableName)
	}
	defer f.Close()
	head, err := bufio.NewReader(io.LimitReader(f, 64<<10)).ReadString('\n')
	if err != nil || !strings.Contains(head, "frame") || !strings.Contains(head, "AU12_r") {
		return fmt.Errorf("wrote a %s without Action Units", tableName)
	}
	if n := lines(path) - 1; n < photos {
		return fmt.Errorf("wrote %d rows for %d photos", n, photos)
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b...)
	if len(t.b) > 2*maxTail {
		t.b = append(t.b[:0], t.b[len(t.b)-maxTail:]...)
	}
	return len(b), nil
}

func (t *tail) text() string { return strings.TrimSpace(string(t.b[max(len(t.b)-maxTail, 0):])) }
