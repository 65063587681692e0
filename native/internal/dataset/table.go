package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxLine    = 64 << 10 // OpenFace's widest table (709 columns) has lines of 6 KB
	maxColumns = 4096
	maxRows    = 4e6 // EmotioNet has 1 million images
	maxFrame   = 1e9
)

// table reads separated values row by row. It takes what OpenFace and
// spreadsheets write: a byte-order mark, padded names and cells, CRLF, quoted
// cells without commas inside, semicolons and tabs for commas, numbers with a
// decimal comma, UTF-16.
type table struct {
	r       *bufio.Reader
	comma   string // between cells: a comma, a semicolon or a tab
	columns map[string]int
	rows    int
	at, end int64 // where the last line began, and where the next one does
}

var errLongLine = fmt.Errorf("line longer than %d bytes", maxLine)

func newTable(r io.Reader) (*table, error) {
	text, err := textOf(r)
	if err != nil {
		return nil, err
	}
	t := &table{r: text, columns: map[string]int{}}
	line, err := t.line()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("empty table: want a line of column names")
		}
		return nil, fmt.Errorf("column names: %w", err)
	}
	line = strings.TrimPrefix(line, "\ufeff")
	for _, c := range []string{",", ";", "\t"} {
		if t.comma == "" || strings.Count(line, c) > strings.Count(line, t.comma) {
			t.comma = c
		}
	}
	names := strings.Split(line, t.comma)
	if len(names) > maxColumns {
		return nil, fmt.Errorf("%d columns, want at most %d", len(names), maxColumns)
	}
	for i, name := range names {
		name = cell(name)
		if _, twice := t.columns[name]; !twice {
			t.columns[name] = i
		}
	}
	return t, nil
}

// column returns the places of the named columns.
func (t *table) column(names ...string) ([]int, error) {
	at := make([]int, len(names))
	for i, name := range names {
		place, ok := t.columns[name]
		if !ok {
			return nil, fmt.Errorf("no column %q among %d: want names with commas, semicolons or tabs between them", name, len(t.columns))
		}
		at[i] = place
	}
	return at, nil
}

// next returns the cells of the next row that is not blank. The error is
// errLongLine for a row to be skipped, io.EOF at the end.
func (t *table) next() ([]string, error) {
	for {
		line, err := t.line()
		if err == io.EOF {
			return nil, err
		}
		if t.rows++; t.rows > maxRows {
			return nil, fmt.Errorf("more than %d rows", int(maxRows))
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		cells := strings.SplitN(line, t.comma, maxColumns+1)
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		return cells, nil
	}
}

// line reads one line without its end. A line beyond maxLine is read to its
// end and not kept.
func (t *table) line() (string, error) {
	var b []byte
	long := false
	t.at = t.end
	for {
		part, err := t.r.ReadSlice('\n')
		t.end += int64(len(part))
		if len(b)+len(part) > maxLine {
			b, long = nil, true
		}
		if !long {
			b = append(b, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || len(part) == 0 && len(b) == 0 && !long) {
			return "", err
		}
		if long {
			return "", errLongLine
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
}

func cell(s string) string { return strings.Trim(s, " \t\r\"") }

// number reads a finite number, its decimals after a point or a comma.
func number(s string) (float32, bool) {
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 32)
	return float32(v), err == nil && v-v == 0
}

// frameNumber reads a frame's number; some tools write it as "12.0".
func frameNumber(s string) (int, bool) {
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	n := int(v)
	return n, err == nil && v >= 0 && v <= maxFrame && float64(n) == v
}
