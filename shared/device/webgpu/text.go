package webgpu

import (
	"embed"
	"fmt"
	"io/fs"
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
// of browsers (":12:5 error"). By hand: package regexp would be half a megabyte
// of the page's worker.
func position(message string) (line, column int, ok bool) {
	for {
		_, after, found := strings.Cut(message, ":")
		if !found {
			return 0, 0, false
		}
		if l, rest := digits(after); l > 0 && strings.HasPrefix(rest, ":") {
			if c, _ := digits(rest[1:]); c > 0 {
				return l, c, true
			}
		}
		message = after
	}
}

// digits reads the number that s begins with; 0 where there is none, or one
// that no file has lines for.
func digits(s string) (n int, rest string) {
	i := 0
	for i < len(s) && i < 9 && s[i] >= '0' && s[i] <= '9' {
		n = 10*n + int(s[i]-'0')
		i++
	}
	return n, s[i:]
}

// place puts the file and line before a compiler's message.
func (t *text) place(err error) error {
	line, column, ok := position(err.Error())
	if !ok {
		return err
	}
	for i := len(t.parts) - 1; i >= 0; i-- {
		if p := t.parts[i]; line-1 >= p.first {
			return fmt.Errorf("%s:%d:%d: %w", p.name, line-p.first, column, err)
		}
	}
	return err
}
