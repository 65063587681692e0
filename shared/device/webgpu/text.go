package webgpu

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

//go:embed wgsl/*.wgsl
var files embed.FS

// read returns a file of wgsl/.
func read(name string) string {
	b, err := fs.ReadFile(files, "wgsl/"+name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// text is a kernel put together from files and generated parts; it remembers
// where each line came from, so that an error can say so.
type text struct {
	body  strings.Builder
	lines int
	parts []part
}

type part struct {
	name  string
	first int // line in the whole, from 0
}

// file adds a file of wgsl/.
func (t *text) file(name string) { t.add("wgsl/"+name, read(name)) }

// add adds a part under the name that errors shall give it.
func (t *text) add(name, s string) {
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	t.parts = append(t.parts, part{name, t.lines})
	t.lines += strings.Count(s, "\n")
	t.body.WriteString(s)
}

func (t *text) String() string { return t.body.String() }

// position finds a line and a column in the messages of wgpu ("wgsl:12:5") and
// of browsers (":12:5 error").
var position = regexp.MustCompile(`:(\d+):(\d+)`)

// place puts the file and line before a compiler's message.
func (t *text) place(err error) error {
	m := position.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	line, bad := strconv.Atoi(m[1])
	if bad != nil {
		return errors.Join(err, bad)
	}
	for i := len(t.parts) - 1; i >= 0; i-- {
		if p := t.parts[i]; line-1 >= p.first {
			return fmt.Errorf("%s:%d:%s: %w", p.name, line-p.first, m[2], err)
		}
	}
	return err
}
