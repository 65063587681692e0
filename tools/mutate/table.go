package main

import (
	"fmt"
	"strings"
)

// mutant is one guard taken out of one file.
type mutant struct {
	path     string // of the file, from the repository's root
	what     string // the guard
	test     string // command of the tests that should miss it
	old, new string // text of the file, whole lines
}

// parse reads a table. Entries are separated by empty lines; one that starts
// with # is a comment, and a test stands for all entries below it until the
// next:
//
//	test go test ./native/internal/checkpoint
//
//	mutant native/internal/checkpoint/store.go: the sum is not compared
//	-	if !bytes.Equal(sum, want) {
//	+	if false {
func parse(name, text string) ([]mutant, error) {
	var all []mutant
	var test string
	var m *mutant
	for i, line := range strings.Split(text+"\n", "\n") {
		line = strings.TrimRight(line, "\r")
		fault := func(why string) error { return fmt.Errorf("%s:%d: %q: %s", name, i+1, line, why) }
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" && m != nil:
			if m.old == "" {
				return nil, fault("the mutant above takes nothing out")
			}
			all, m = append(all, *m), nil
		case line == "" || strings.HasPrefix(line, "#"):
		case word == "test":
			test = rest
		case word == "mutant":
			path, what, ok := strings.Cut(rest, ": ")
			if !ok || test == "" || m != nil {
				return nil, fault("want an empty line, a test above, and PATH: DESCRIPTION")
			}
			m = &mutant{path: path, what: what, test: test}
		case m != nil && line[0] == '-':
			m.old += line[1:] + "\n"
		case m != nil && line[0] == '+':
			m.new += line[1:] + "\n"
		default:
			return nil, fault("want test, mutant, a line with - or one with +")
		}
	}
	return all, nil
}

// apply returns text without the guard. The guard's lines must be there once.
func (m mutant) apply(text string) (string, error) {
	if n := strings.Count("\n"+text, "\n"+m.old); n != 1 {
		return "", fmt.Errorf("its lines are in the file %d times, want once", n)
	}
	return strings.TrimPrefix(strings.Replace("\n"+text, "\n"+m.old, "\n"+m.new, 1), "\n"), nil
}
