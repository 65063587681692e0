package main

import (
	"time"

	"github.com/hajimehoshi/ebiten/v2"

	"mien/shared/edit"
	"mien/shared/layer"
)

// layersShader draws a scene of layers as layer.Face.Draw does. Image 0 is the
// photo, image 1 the painted patch, image 2 the light in 16 bits (high, low).
// All are read texel by texel and mixed here.
const layersShader = `//kage:unit pixels
package main

var Scale float  // photo texels a display pixel
var Offset vec2  // of the photo on the display
var Photo vec2   // its texels

func pick(p vec2) vec3 {
	return imageSrc0UnsafeAt(clamp(p, vec2(0), Photo-1) + 0.5 + imageSrc0Origin()).rgb
}

func taps(t float) vec4 {
	u := 1 - t
	return vec4(
		SHARP*t*u*u,
		1-t*t*(SHARP+3-(SHARP+2)*t),
		1-u*u*(SHARP+3-(SHARP+2)*u),
		SHARP*u*t*t)
}

func line(p vec2, w vec4) vec3 {
	return pick(p-vec2(1, 0))*w.x + pick(p)*w.y + pick(p+vec2(1, 0))*w.z + pick(p+vec2(2, 0))*w.w
}

func look(p vec2) vec3 {
	q := p - 0.5
	f := floor(q)
	x, y := taps(q.x-f.x), taps(q.y-f.y)
	c := line(f-vec2(0, 1), x)*y.x + line(f, x)*y.y + line(f+vec2(0, 1), x)*y.z + line(f+vec2(0, 2), x)*y.w
	return clamp(c, vec3(0), vec3(1))
}

func paintAt(p vec2) vec3 {
	return imageSrc1UnsafeAt(clamp(p, vec2(0), vec2(PATCHWIDTH-1, PATCHHEIGHT-1)) + 0.5 + imageSrc0Origin()).rgb
}

func paint(p vec2) vec3 {
	q := p - 0.5
	f := floor(q)
	t := q - f
	return mix(mix(paintAt(f), paintAt(f+vec2(1, 0)), t.x), mix(paintAt(f+vec2(0, 1)), paintAt(f+vec2(1, 1)), t.x), t.y)
}

func lightAt(p vec2) float {
	c := floor(imageSrc2UnsafeAt(clamp(p, vec2(0), vec2(LIGHTSIZE-1))+0.5+imageSrc0Origin())*255 + 0.5)
	return (c.r*256 + c.g) / UNLIT
}

func light(p vec2) float {
	q := clamp(p, vec2(0), vec2(LIGHTSIZE-1))
	f := floor(q)
	t := q - f
	return mix(mix(lightAt(f), lightAt(f+vec2(1, 0)), t.x), mix(lightAt(f+vec2(0, 1)), lightAt(f+vec2(1, 1)), t.x), t.y)
}

// color is alpha and what is shown: 0 the photo lit, 1 the photo, 2 black, 3
// paint. custom is the way to the photo's texel, or the place in the patch, and
// the place of the light.
func Fragment(dst vec4, src vec2, color vec4, custom vec4) vec4 {
	c := vec3(0)
	p := (dst.xy-imageDstOrigin()-Offset)*Scale + custom.xy
	if color.g > 2.5 {
		c = paint(custom.xy)
	} else if color.g < 0.5 {
		c = look(p) * light(custom.zw)
	} else if color.g < 1.5 {
		c = look(p)
	}
	return vec4(min(c, vec3(1)), 1) * clamp(color.r, 0, 1)
}
`

// What a vertex shows.
const (
	showLit = iota
	showPhoto
	showBlack
	showPaint
)

// layers are the scenes of a face: the photo as it is, and the way from one
// state of the sliders to the next.
type layers struct {
	rest, from, to, shown *layer.Scene
	vertices              []ebiten.Vertex
	patch, light          *ebiten.Image
	patchB, lightB        []byte
}

// setRest takes the scene of a face that does not move, which brings the
// triangles for all that follow.
func (s *stage) setRest(rest *layer.Scene) {
	s.layers.rest, s.layers.shown = rest, rest
	s.layers.from, s.layers.to = rest, rest
	s.dirty = true
}

// setScene eases from what is shown to a scene of the face, nil for the photo.
func (s *stage) setScene(to *layer.Scene) {
	l := &s.layers
	if l.rest == nil {
		return
	}
	if to == nil {
		to = l.rest
	}
	to.Triangles = l.rest.Triangles
	l.from, l.to = l.shown, to
	s.from, s.to, s.began, s.easing, s.dirty = s.shown, edit.Field{}, time.Now(), true, true
	s.say("easing")
}

// moved reports whether layers show anything but the photo.
func (l *layers) moved() bool { return l.rest != nil && l.shown != l.rest }

// upload brings the shown scene's paint and light into their textures.
func (l *layers) upload() {
	if l.patch == nil {
		l.patch, l.patchB = ebiten.NewImage(layer.PatchWidth, layer.PatchHeight), make([]byte, 4*layer.PatchWidth*layer.PatchHeight)
		l.light, l.lightB = ebiten.NewImage(layer.LightSize, layer.LightSize), make([]byte, 4*layer.LightSize*layer.LightSize)
	}
	if l.shown == nil {
		return
	}
	patchBytes(l.patchB, l.shown.Patch)
	lightBytes(l.lightB, l.shown.Light)
	l.patch.WritePixels(l.patchB)
	l.light.WritePixels(l.lightB)
}

// drawLayers draws the photo, and over it the shown scene where it is moved.
// fit is the size of a texel of the photo on the display.
func (s *stage) drawLayers(screen *ebiten.Image, fit float64, left, top float32, moved bool) {
	l := &s.layers
	w, h := float32(s.photo.Bounds().Dx()), float32(s.photo.Bounds().Dy())
	o := &ebiten.DrawTrianglesShaderOptions{Uniforms: map[string]any{
		"Scale": float32(1 / fit), "Offset": []float32{left, top}, "Photo": []float32{w, h},
	}}
	l.upload()
	o.Images = [4]*ebiten.Image{s.photo, l.patch, l.light}
	corner := func(x, y float32) ebiten.Vertex {
		return ebiten.Vertex{DstX: x*float32(fit) + left, DstY: y*float32(fit) + top, ColorR: 1, ColorG: showPhoto}
	}
	screen.DrawTrianglesShader([]ebiten.Vertex{corner(0, 0), corner(w, 0), corner(0, h), corner(w, h)}, []uint16{0, 1, 2, 1, 2, 3}, s.layersShader, o)
	if !moved {
		return
	}
	if len(l.vertices) != len(l.shown.Vertices) {
		l.vertices = make([]ebiten.Vertex, len(l.shown.Vertices))
	}
	kx, ky := float32(s.scale[0]), float32(s.scale[1])
	for i, v := range l.shown.Vertices {
		u, shows := layer.Place(i), float32(showPhoto)
		to := ebiten.Vertex{
			DstX: v.X*kx*float32(fit) + left, DstY: v.Y*ky*float32(fit) + top,
			Custom0: (v.FromX - v.X) * kx, Custom1: (v.FromY - v.Y) * ky, Custom2: u[0], Custom3: u[1],
			ColorR: v.Alpha,
		}
		switch {
		case layer.IsPainted(i):
			shows, to.Custom0, to.Custom1 = showPaint, v.FromX, v.FromY
			if l.shown.Patch == nil {
				to.ColorR = 0
			}
		case layer.IsDark(i):
			shows = showBlack
		case u[0] >= 0:
			shows = showLit
		}
		to.ColorG = shows
		l.vertices[i] = to
	}
	screen.DrawTrianglesShader(l.vertices, l.shown.Triangles, s.layersShader, o)
}
