package kernel

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// Section numbers of the WebAssembly binary format, core specification 5.5.2.
const (
	sectionImport = 2
	sectionMemory = 5
	sectionGlobal = 6
	sectionExport = 7
	sectionStart  = 8
	sectionData   = 11
)

// TestModulesLeaveGosMemoryAlone wants what lets a module share Go's memory: it
// imports one, has nothing to put there and no stack in it.
func TestModulesLeaveGosMemoryAlone(t *testing.T) {
	for _, name := range []string{"kernel.wasm", "kernel-fma.wasm"} {
		b, err := os.ReadFile("../../web/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sections := split(t, name, b)
		for id, why := range map[byte]string{
			sectionData: "a data segment", sectionMemory: "a memory of its own", sectionStart: "a start function",
		} {
			if sections[id] != nil {
				t.Errorf("%s has %s", name, why)
			}
		}
		// The linker always makes a stack pointer. It stands at 0: whoever pushes
		// anything traps instead of writing over Go's memory.
		if want := []byte{1, 0x7f, 1, 0x41, 0, 0x0b}; !bytes.Equal(sections[sectionGlobal], want) {
			t.Errorf("%s has the globals % x, want a stack pointer of 0 alone", name, sections[sectionGlobal])
		}
		// One import: "env" "memory", kind memory.
		if want := append([]byte{1, 3}, "env\x06memory\x02"...); !bytes.HasPrefix(sections[sectionImport], want) {
			t.Errorf("%s imports %q, want the memory alone", name, sections[sectionImport])
		}
		for _, f := range []string{"\x04work\x00", "\x05block\x00"} { // functions
			if !bytes.Contains(sections[sectionExport], []byte(f)) {
				t.Errorf("%s exports %q, want %q", name, sections[sectionExport], f)
			}
		}
	}
}

func split(t *testing.T, name string, b []byte) map[byte][]byte {
	t.Helper()
	if !bytes.HasPrefix(b, []byte("\x00asm\x01\x00\x00\x00")) {
		t.Fatalf("%s is no WebAssembly module", name)
	}
	sections := map[byte][]byte{}
	for b = b[8:]; len(b) > 0; {
		id := b[0]
		n, used := binary.Uvarint(b[1:])
		if used <= 0 || n > uint64(len(b)-1-used) {
			t.Fatalf("%s: section %d is cut", name, id)
		}
		sections[id] = b[1+used : 1+used+int(n)]
		b = b[1+used+int(n):]
	}
	return sections
}
