package main

import (
	"syscall/js"
	"unsafe"
)

// floats copies x into a new Float32Array.
func floats(x []float32) js.Value {
	a := js.Global().Get("Float32Array").New(len(x))
	if len(x) > 0 {
		bytes := js.Global().Get("Uint8Array").New(a.Get("buffer"))
		js.CopyBytesToJS(bytes, unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)))
	}
	return a
}

// octets copies bytes to a Uint8Array.
func octets(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}
