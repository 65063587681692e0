package fetch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	maxLine = 64 << 10 // bytes; EmotioNet's lines have about 300
	maxRows = 4_000_000
	maxURL  = 4096
)

// row is a line of the URL files: the places where one picture may be.
type row struct {
	number int // over all files, from 0
	urls   []string
}

// list reads EmotioNet's URL files one after the other: tab-separated, URL and
// URL_orig first, the Action Units after them. A line of column names is passed
// over.
type list struct {
	paths []string
	file  *os.File
	r     *bufio.Reader
	next  int // row number
	first bool
}

func newList(paths []string) *list { return &list{paths: paths} }

// read returns the next row, io.EOF after the last one. A row without an address
// has no urls.
func (l *list) read() (row, error) {
	for {
		if l.file == nil {
			if len(l.paths) == 0 {
				return row{}, io.EOF
			}
			f, err := os.Open(l.paths[0])
			if err != nil {
				return row{}, err
			}
			l.file, l.r, l.paths, l.first = f, bufio.NewReaderSize(f, maxLine), l.paths[1:], true
		}
		line, err := readLine(l.r)
		if err == io.EOF {
			l.file.Close()
			l.file = nil
			continue
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return row{}, err
		}
		first := l.first
		l.first = false
		urls := addresses(strings.TrimPrefix(line, "\ufeff"))
		if first && len(urls) > 0 && strings.EqualFold(urls[0], "url") || strings.TrimSpace(line) == "" && err == nil {
			continue
		}
		if l.next >= maxRows {
			return row{}, fmt.Errorf("more than %d rows", maxRows)
		}
		l.next++
		return row{l.next - 1, urls}, nil
	}
}

// readLine returns a line without its end. One beyond maxLine is read to its end
// and returned empty, with bufio.ErrBufferFull.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n')
		}
		return "", bufio.ErrBufferFull
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return strings.TrimRight(string(line), "\r\n"), err
}

// addresses returns the different addresses of a line: the first two columns,
// without the quotes that spreadsheets put around them.
func addresses(line string) []string {
	var urls []string
	for i, cell := range strings.SplitN(line, "\t", 3) {
		cell = strings.Trim(cell, " \"'\r")
		if i == 2 || cell == "" || len(cell) > maxURL || len(urls) == 1 && urls[0] == cell {
			continue
		}
		urls = append(urls, cell)
	}
	return urls
}

// count returns the number of rows in the files.
func count(paths []string) (int, error) {
	l := newList(paths)
	for {
		if _, err := l.read(); err == io.EOF {
			return l.next, nil
		} else if err != nil {
			return 0, err
		}
	}
}
