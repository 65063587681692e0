package train

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mien/native/internal/chart"
	"mien/native/internal/runlog"
)

// csvName is the name of the table of losses in the run directory.
const csvName = "losses.csv"

// column is a column of that table: the reference's name, and the loss of ours
// that it holds.
type column struct{ name, loss string }

var lossColumns = []column{
	{"d_gan_loss", "critic adversarial"}, {"d_AU_loss", "critic au"}, {"g_gan_loss", "adversarial"}, {"g_AU_loss", "au"}, {"reconstr_loss", "identity"},
}

// fidColumns hold the distances per emotion (see measure); readerColumns those
// on an AU reader's features, which are no FID.
var (
	fidColumns = []column{
		{"fid_joy", "fid joy"}, {"fid_sadness", "fid sadness"}, {"fid_surprise", "fid surprise"}, {"fid_contempt", "fid contempt"},
	}
	readerColumns = []column{
		{"reader_joy", "reader joy"}, {"reader_sadness", "reader sadness"}, {"reader_surprise", "reader surprise"}, {"reader_contempt", "reader contempt"},
	}
	allColumns = slices.Concat(lossColumns, fidColumns, readerColumns)
)

// maxPoints bounds the points of a curve that are kept; beyond, every second
// goes.
const maxPoints = 4000

// curves writes the table of losses and keeps their curves. It is made of the
// run log alone, so that a resumed run has those of one never stopped.
type curves struct {
	file    *os.File
	out     *bufio.Writer
	faces   int // in an epoch
	batch   int
	pending *runlog.Entry // a step that a distance may still be measured at
	lines   map[string]*chart.Line
	err     error
}

// openCurves starts the table of a run from the entries of its log.
func openCurves(config Config, faces int) (*curves, error) {
	f, err := os.Create(filepath.Join(config.Out, csvName))
	if err != nil {
		return nil, err
	}
	c := &curves{file: f, out: bufio.NewWriter(f), faces: faces, batch: config.Batch, lines: map[string]*chart.Line{}}
	names := []string{"epoch", "batch"}
	for _, col := range allColumns {
		names = append(names, col.name)
	}
	fmt.Fprintln(c.out, strings.Join(names, ","))
	if err := runlog.ReadOn(config.fs, filepath.Join(config.Out, logName), c.add); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Close()
		return nil, err
	}
	return c, nil
}

// add takes an entry of the log.
func (c *curves) add(e runlog.Entry) {
	switch e.Kind {
	case runlog.Step:
		c.row()
		c.pending = &e
	case runlog.Metric:
		if c.pending != nil && c.pending.Step == e.Step {
			c.pending.Losses = merged(c.pending.Losses, e.Losses)
		}
	}
}

func merged(a, b map[string]float64) map[string]float64 {
	m := map[string]float64{}
	for _, from := range []map[string]float64{a, b} {
		for k, v := range from {
			m[k] = v
		}
	}
	return m
}

// row writes the step that is pending.
func (c *curves) row() {
	e := c.pending
	if e == nil {
		return
	}
	c.pending = nil
	before := int64(e.Step-1) * int64(c.batch) // faces
	cells := []string{strconv.FormatInt(before/int64(c.faces), 10), strconv.FormatInt(before%int64(c.faces)/int64(c.batch), 10)}
	for _, col := range allColumns {
		v, ok := e.Losses[col.loss]
		if !ok && col.loss == "identity" { // where that holds by construction
			v, ok = e.Losses["cycle"]
		}
		cell := ""
		if ok {
			cell = strconv.FormatFloat(v, 'g', 7, 64)
			c.point(col.name, float64(e.Step), v)
		}
		cells = append(cells, cell)
	}
	_, err := fmt.Fprintln(c.out, strings.Join(cells, ","))
	c.err = errors.Join(c.err, err)
}

func (c *curves) point(name string, x, y float64) {
	l := c.lines[name]
	if l == nil {
		l = &chart.Line{Name: name}
		c.lines[name] = l
	}
	l.X, l.Y = append(l.X, x), append(l.Y, y)
	if len(l.X) > maxPoints {
		for i := range len(l.X) / 2 {
			l.X[i], l.Y[i] = l.X[2*i], l.Y[2*i]
		}
		l.X, l.Y = l.X[:len(l.X)/2], l.Y[:len(l.Y)/2]
	}
}

// chart draws the curves of columns; false when there are none yet.
func (c *curves) chart(title, y string, columns []column) ([]byte, bool, error) {
	var lines []chart.Line
	for _, col := range columns {
		if l := c.lines[col.name]; l != nil {
			lines = append(lines, *l)
		}
	}
	if len(lines) == 0 {
		return nil, false, nil
	}
	b, err := chart.Curves(title, "step", y, lines)
	return b, true, err
}

// flush brings the table to the disk.
func (c *curves) flush() error {
	c.row()
	err := errors.Join(c.err, c.out.Flush())
	c.err = nil
	return err
}

// close ends the table.
func (c *curves) close() error { return errors.Join(c.flush(), c.file.Close()) }
