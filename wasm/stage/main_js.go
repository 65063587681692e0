package main

import (
	"syscall/js"
	"unsafe"

	"github.com/hajimehoshi/ebiten/v2"

	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/layer"
)

func main() {
	s, err := newStage()
	if err != nil {
		js.Global().Get("console").Call("error", err.Error())
		return
	}
	s.export()
	ebiten.SetScreenClearedEveryFrame(false)
	err = ebiten.RunGameWithOptions(s, &ebiten.RunGameOptions{InitUnfocused: true, ScreenTransparent: true})
	if err != nil {
		js.Global().Get("console").Call("error", err.Error())
	}
}

// export hangs the stage's verbs on globalThis.mien.stage.
func (s *stage) export() {
	verbs := js.Global().Get("Object").New()
	set := func(name string, f func(args []js.Value)) {
		verbs.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { f(args); return nil }))
	}
	set("setPhoto", func(a []js.Value) { // rgba, width, height, frame
		w, h := a[1].Int(), a[2].Int()
		rgba := make([]byte, 4*w*h)
		js.CopyBytesToGo(rgba, a[0])
		s.setPhoto(rgba, w, h, frame(a[3]))
	})
	set("setFrame", func(a []js.Value) { s.setFrame(frame(a[0])) })
	set("zoom", func(a []js.Value) { s.zoom, s.dirty = a[0].Bool(), true })
	set("setField", func(a []js.Value) { // size, warp, shade, mask, colour
		f := edit.Field{Size: a[0].Int(), Warp: floats(a[1]), Shade: floats(a[2]), Mask: floats(a[3]), Colour: floats(a[4])}
		if f.Check() == nil {
			s.setField(f)
		}
	})
	set("setLayers", func(a []js.Value) { // the scene of the face at rest
		if rest, err := layer.DecodeScene(octets(a[0])); err == nil && len(rest.Triangles) > 0 {
			s.setRest(rest)
		}
	})
	set("setScene", func(a []js.Value) {
		if scene, err := layer.DecodeScene(octets(a[0])); err == nil {
			s.setScene(scene)
		}
	})
	set("clearField", func([]js.Value) { s.setField(edit.Field{}) })
	set("showBefore", func(a []js.Value) { s.before, s.dirty = a[0].Bool(), true })
	mien := js.Global().Get("mien")
	if mien.IsUndefined() {
		mien = js.Global().Get("Object").New()
		js.Global().Set("mien", mien)
	}
	mien.Set("stage", verbs)
}

// frame reads the six numbers of a face.Frame.
func frame(v js.Value) (f face.Frame) {
	for i := range f.A {
		f.A[i] = v.Index(i).Float()
	}
	return f
}

// octets copies a Uint8Array.
func octets(v js.Value) []byte {
	b := make([]byte, v.Get("length").Int())
	js.CopyBytesToGo(b, v)
	return b
}

// floats copies a Float32Array.
func floats(v js.Value) []float32 {
	x := make([]float32, v.Get("length").Int())
	if len(x) > 0 {
		bytes := js.Global().Get("Uint8Array").New(v.Get("buffer"), v.Get("byteOffset"), v.Get("byteLength"))
		js.CopyBytesToGo(unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)), bytes)
	}
	return x
}

// tellView says where on the stage the photo is drawn: its left upper corner, and the size
// of one of its pixels, in widths and heights of the stage.
func tellView(left, top, wide, high float64) {
	js.Global().Get("mien").Set("view", []any{left, top, wide, high})
}

// tell writes a word on the page's root element, for tests and styles.
func tell(key, value string) {
	js.Global().Get("document").Get("documentElement").Get("dataset").Set(key, value)
}
