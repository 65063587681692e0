package dataset

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// textOf returns the text in r as UTF-8. Spreadsheets also write UTF-16, with a
// byte-order mark or without; what is no text is an error that says so.
func textOf(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(r, 32<<10)
	head, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	has := func(prefix string) bool { return bytes.HasPrefix(head, []byte(prefix)) }
	switch {
	case has("\xff\xfe\x00\x00"), has("\x00\x00\xfe\xff"):
		return nil, errors.New("text in UTF-32: want UTF-8 or UTF-16")
	case has("\x1f\x8b"), has("PK\x03\x04"):
		return nil, errors.New("packed, or a workbook: want it unpacked, as text")
	case has("\xff\xfe"), len(head) > 1 && head[0] != 0 && head[1] == 0:
		return bufio.NewReaderSize(&wide{r: b, order: binary.LittleEndian}, 32<<10), nil
	case has("\xfe\xff"), len(head) > 1 && head[0] == 0 && head[1] != 0:
		return bufio.NewReaderSize(&wide{r: b, order: binary.BigEndian}, 32<<10), nil
	}
	return b, nil
}

// wide reads UTF-16 as UTF-8. A half of a pair without the other is U+FFFD.
type wide struct {
	r     *bufio.Reader
	order binary.ByteOrder
	rest  []byte // UTF-8 that no call has taken yet
}

func (w *wide) Read(b []byte) (int, error) {
	for len(w.rest) < len(b) && (len(w.rest) == 0 || w.r.Buffered() >= 4) {
		r, err := w.rune()
		if err != nil {
			if len(w.rest) > 0 {
				break
			}
			return 0, err
		}
		w.rest = utf8.AppendRune(w.rest, r)
	}
	n := copy(b, w.rest)
	w.rest = append(w.rest[:0], w.rest[n:]...)
	return n, nil
}

func (w *wide) rune() (rune, error) {
	var unit [2]byte
	if _, err := io.ReadFull(w.r, unit[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF // half a character
		}
		return 0, err
	}
	first := rune(w.order.Uint16(unit[:]))
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	if next, err := w.r.Peek(2); err == nil {
		if r := utf16.DecodeRune(first, rune(w.order.Uint16(next))); r != utf8.RuneError {
			_, _ = w.r.Discard(2) // which are buffered
			return r, nil
		}
	}
	return utf8.RuneError, nil
}
