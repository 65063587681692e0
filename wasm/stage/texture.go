// Command stage shows the photo on the page and draws the newest edit over it,
// a scene of layers or a field that a generator painted, in a shader, eased from one slider state to the next. It runs on the page's
// main thread; what computes them is the worker.
package main

import (
	"mien/shared/edit"
	"mien/shared/layer"
)

// warpMax is the largest warp that a texture holds, in half frames; 16 bits
// make steps of 1/131,000 of the frame.
const warpMax = .25

// warpBytes encodes a warp as the shader decodes it: two bytes a component,
// high first; 32768 is exactly 0.
func warpBytes(dst []byte, f edit.Field) {
	for i, v := range f.Warp {
		v = min(max(v, -warpMax), warpMax)
		n := int(v/warpMax*32767+32768.5) & 0xffff
		dst[2*i], dst[2*i+1] = byte(n>>8), byte(n)
	}
}

// shadeBytes encodes the shade, 128 is exactly 0.
func shadeBytes(dst []byte, f edit.Field) {
	for i := range len(f.Shade) / 3 {
		for c := range 3 {
			dst[4*i+c] = byte(min(max(f.Shade[3*i+c]*127+128.5, 1), 255))
		}
		dst[4*i+3] = 255
	}
}

// paintBytes encodes colour and mask as RGBA, not premultiplied.
func paintBytes(dst []byte, f edit.Field) {
	for i, m := range f.Mask {
		for c := range 3 {
			dst[4*i+c] = byte(min(max((f.Colour[3*i+c]+1)*127.5+.5, 0), 255))
		}
		dst[4*i+3] = byte(min(max(m*255+.5, 0), 255))
	}
}

// patchBytes encodes a painted patch, black for none.
func patchBytes(dst []byte, patch []byte) {
	for i := range len(dst) / 4 {
		dst[4*i], dst[4*i+1], dst[4*i+2], dst[4*i+3] = 0, 0, 0, 255
		if patch != nil {
			copy(dst[4*i:][:3], patch[3*i:])
		}
	}
}

// lightBytes encodes a light as the shader decodes it: two bytes, high first.
func lightBytes(dst []byte, light []uint16) {
	for i := range len(dst) / 4 {
		v := uint16(layer.Unlit)
		if light != nil {
			v = light[i]
		}
		dst[4*i], dst[4*i+1], dst[4*i+2], dst[4*i+3] = byte(v>>8), byte(v), 0, 255
	}
}
