// Command stage shows the photo on the page and applies the newest field to it
// in a shader, eased from one slider state to the next. It runs on the page's
// main thread; what computes fields is the worker.
package main

import "mien/shared/edit"

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
