package main

// shader applies a field as edit.Apply does, at display resolution. Image 0 is
// the photo, image 1 the warp in 16 bits a component (x high, x low, y high,
// y low), image 2 colour and mask, image 3 the shade. All are read texel by texel and mixed here:
// a texture unit would mix the halves of a number.
const shader = `//kage:unit pixels
package main

var Scale float     // photo pixels a display pixel
var Offset vec2     // of the photo on the display
var Photo vec2      // size of the photo
var Inverse vec4    // photo to frame, linear part by rows
var InverseAt vec2  // and shift
var Forward vec4    // frame to photo, linear part by rows
var Size float      // side of the field, 0 for none

func pick(p vec2) vec3 {
	return imageSrc0UnsafeAt(clamp(p, vec2(0), Photo-1) + 0.5 + imageSrc0Origin()).rgb
}

func look(p vec2) vec3 {
	q := p - 0.5
	f := floor(q)
	t := q - f
	top := mix(pick(f), pick(f+vec2(1, 0)), t.x)
	low := mix(pick(f+vec2(0, 1)), pick(f+vec2(1, 1)), t.x)
	return mix(top, low, t.y)
}

func warpAt(p vec2) vec2 {
	c := imageSrc1UnsafeAt(clamp(p, vec2(0), vec2(Size-1)) + 0.5 + imageSrc0Origin())
	b := floor(c*255 + 0.5)
	return (vec2(b.r*256+b.g, b.b*256+b.a) - 32768) / 32767 * WARPMAX
}

func paintAt(p vec2) vec4 {
	return imageSrc2UnsafeAt(clamp(p, vec2(0), vec2(Size-1)) + 0.5 + imageSrc0Origin())
}

func shadeAt(p vec2) vec3 {
	c := imageSrc3UnsafeAt(clamp(p, vec2(0), vec2(Size-1)) + 0.5 + imageSrc0Origin())
	return (floor(c.rgb*255+0.5) - 128) / 127
}

func fade(x, width float) float {
	t := clamp((1-abs(x))/width, 0, 1)
	return t * t * (3 - 2*t)
}

func Fragment(dst vec4, src vec2, color vec4) vec4 {
	p := (dst.xy - imageDstOrigin() - Offset) * Scale
	if p.x < 0 || p.y < 0 || p.x >= Photo.x || p.y >= Photo.y {
		return vec4(0)
	}
	u := vec2(Inverse.x*p.x+Inverse.y*p.y, Inverse.z*p.x+Inverse.w*p.y) + InverseAt
	width := 0.25
	if u.y > 0 {
		width = 0.15
	}
	w := fade(u.x, 0.25) * fade(u.y, width)
	if Size < 1 || w == 0 {
		return vec4(look(p), 1)
	}
	q := (u+1)*0.5*Size - 0.5
	f := floor(q)
	t := q - f
	d := mix(mix(warpAt(f), warpAt(f+vec2(1, 0)), t.x), mix(warpAt(f+vec2(0, 1)), warpAt(f+vec2(1, 1)), t.x), t.y) * w
	c := mix(mix(paintAt(f), paintAt(f+vec2(1, 0)), t.x), mix(paintAt(f+vec2(0, 1)), paintAt(f+vec2(1, 1)), t.x), t.y)
	s := mix(mix(shadeAt(f), shadeAt(f+vec2(1, 0)), t.x), mix(shadeAt(f+vec2(0, 1)), shadeAt(f+vec2(1, 1)), t.x), t.y) * w
	from := look(p + vec2(Forward.x*d.x+Forward.y*d.y, Forward.z*d.x+Forward.w*d.y)) + s*0.5
	return vec4(mix(from, c.rgb, c.a*w), 1)
}
`
