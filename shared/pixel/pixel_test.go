package pixel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"mien/shared/tensor"

	"golang.org/x/image/bmp"
)

// noise returns a picture of random opaque pixels with one transparent one.
func noise(w, h int) *image.NRGBA {
	r := tensor.NewRand(1, 2, 3, 4)
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Intn(256))
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	img.Pix[3] = 7
	return img
}

func encode(t testing.TB, write func(*bytes.Buffer) error) []byte {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeKeepsLosslessPixels(t *testing.T) {
	img := noise(9, 7)
	got, err := Decode(encode(t, func(b *bytes.Buffer) error { return png.Encode(b, img) }))
	if err != nil || !bytes.Equal(got.Pix, img.Pix) {
		t.Errorf("png: %v, pixels differ", err)
	}
	img.Pix[3] = 255
	got, err = Decode(encode(t, func(b *bytes.Buffer) error { return bmp.Encode(b, img) }))
	if err != nil || !bytes.Equal(got.Pix, img.Pix) {
		t.Errorf("bmp: %v, pixels differ", err)
	}
	got, err = Decode(encode(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }))
	if err != nil || got.Rect != img.Rect {
		t.Errorf("gif: %v", err)
	}
	// 16 bits and a corner that is not the origin
	deep := image.NewNRGBA64(image.Rect(3, 4, 5, 6))
	deep.Set(4, 5, color.NRGBA64{0xffff, 0x8080, 0, 0xffff})
	if c := toNRGBA(deep).NRGBAAt(1, 1); c != (color.NRGBA{255, 128, 0, 255}) {
		t.Errorf("16 bits: %v", c)
	}
	pre := image.NewRGBA(image.Rect(1, 1, 2, 2))
	pre.Set(1, 1, color.NRGBA{200, 100, 0, 128})
	if c := toNRGBA(pre).NRGBAAt(0, 0); c.A != 128 || c.R < 198 || c.R > 202 {
		t.Errorf("premultiplied: %v", c)
	}
}

// A 1x1 lossless webp picture (RFC 9649).
const tinyWebP = "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"

func TestProbe(t *testing.T) {
	if name, w, h, err := Probe(encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(9, 7)) })); name != "png" || w != 9 || h != 7 || err != nil {
		t.Errorf("%s of %dx%d, %v", name, w, h, err)
	}
	if _, _, _, err := Probe([]byte("<html>")); !errors.Is(err, ErrFormat) {
		t.Errorf("a page: %v", err)
	}
	if name, _, _, err := Probe([]byte("BM")); name != "bmp" || err == nil {
		t.Errorf("two bytes: %q, %v", name, err)
	}
}

func TestDecodeWebP(t *testing.T) {
	img, err := Decode([]byte(tinyWebP))
	if err != nil || img.Rect != image.Rect(0, 0, 1, 1) {
		t.Errorf("tiny webp: %v", err)
	}
	// A small extended header around a large frame.
	big := []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00VP8 \x0c\x00\x00\x00\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f\x00\x00")
	binary.LittleEndian.PutUint32(big[4:], uint32(len(big)-8))
	if _, err := Decode(big); err == nil || !strings.Contains(err.Error(), "frame of 16383x16383 pixels on a canvas of 1x1") {
		t.Errorf("large frame in a small webp: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	huge := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(2, 2)) })
	binary.BigEndian.PutUint32(huge[16:], 8001)
	binary.BigEndian.PutUint32(huge[20:], 8001)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	if _, err := Decode(huge); err == nil || !strings.Contains(err.Error(), "8001x8001: want 1 to 64000000 pixels") {
		t.Errorf("64 megapixels and more: %v", err)
	}
	for give, want := range map[string]string{
		"":                                  "empty file",
		" \n<!DOCTYPE html><title>404":      "html page",
		"<svg xmlns=":                       "svg drawing",
		"\x00\x00\x00\x18ftypheic\x00\x00":  "heic",
		"%PDF-1.4":                          "pdf",
		"hello":                             `begins with "hello"`,
		"\xff\xd8\xff\xe0\x00\x10JFIF":      "decode jpeg picture of 10 bytes",
		"RIFF\x04\x00\x00\x00WEBP":          "decode webp",
		"BM":                                "decode bmp",
		"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d": "decode png",
	} {
		_, err := Decode([]byte(give))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", give, err, want)
		}
		if known := strings.HasPrefix(want, "decode "); err != nil && errors.Is(err, ErrFormat) == known {
			t.Errorf("%q: ErrFormat is %v", give, !known)
		}
	}
}

// tiff is a block of metadata with the given orientation.
func tiff(order binary.AppendByteOrder, head string, o uint16) []byte {
	b := []byte(head)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x0100), 4), 1), 0, 0, 0, 0)
	b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x0112), 3), 1)
	return append(order.AppendUint16(b, o), 0, 0)
}

// withExif puts an Exif segment with the given orientation into a JPEG.
func withExif(jpeg []byte, order binary.AppendByteOrder, head string, o uint16) []byte {
	b := append([]byte("Exif\x00\x00"), tiff(order, head, o)...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, byte((len(b)+2)>>8), byte(len(b)+2))
	return append(append(out, b...), jpeg[2:]...)
}

func TestDecodeAppliesOrientation(t *testing.T) {
	// The upright scene: red upper left, green upper right, blue lower left.
	w, h := 48, 32
	scene := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 0, 0, 255}
			switch {
			case y >= h/2 && x < w/2:
				c = color.NRGBA{0, 0, 255, 255}
			case y >= h/2:
				c = color.NRGBA{255, 255, 255, 255}
			case x >= w/2:
				c = color.NRGBA{0, 255, 0, 255}
			}
			scene.SetNRGBA(x, y, c)
		}
	}
	inverse := [9]int{0, 1, 2, 3, 4, 5, 8, 7, 6}
	for o := 1; o <= 8; o++ {
		stored := orient(scene, inverse[o])
		file := encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, stored, nil) })
		for _, b := range [][]byte{withExif(file, binary.LittleEndian, "II*\x00", uint16(o)), withExif(file, binary.BigEndian, "MM\x00*", uint16(o))} {
			got, err := Decode(b)
			if err != nil || got.Rect != scene.Rect {
				t.Fatalf("orientation %d: %v, size %v, want %v", o, err, got.Rect, scene.Rect)
			}
			for _, p := range []image.Point{{8, 8}, {40, 8}, {8, 24}} {
				a, b := got.NRGBAAt(p.X, p.Y), scene.NRGBAAt(p.X, p.Y)
				if max(a.R, b.R)-min(a.R, b.R) > 40 || max(a.G, b.G)-min(a.G, b.G) > 40 || max(a.B, b.B)-min(a.B, b.B) > 40 {
					t.Errorf("orientation %d: pixel %v is %v, want %v", o, p, a, b)
				}
			}
		}
	}
	// 6 is what a phone held upright writes: the stored left is the scene's bottom
	turned := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	turned.Pix[0] = 9
	if got := orient(turned, 6); got.Rect != image.Rect(0, 0, 1, 2) || got.Pix[0] != 9 {
		t.Errorf("orientation 6: %v", got)
	}
	tall := image.NewNRGBA(image.Rect(0, 0, 1, 2))
	tall.Pix[0] = 9
	if got := orient(tall, 6); got.Pix[4] != 9 {
		t.Errorf("orientation 6 leaves the top left; it turns clockwise: %v", got.Pix)
	}
}

// chunk is one of a PNG file.
func chunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// webpWith is the tiny WebP picture in an extended file, with chunks behind it.
func webpWith(chunks ...string) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00" + tinyWebP[12:])
	for i := 0; i < len(chunks); i += 2 {
		b = binary.LittleEndian.AppendUint32(append(b, chunks[i]...), uint32(len(chunks[i+1])))
		if b = append(b, chunks[i+1]...); len(b)%2 == 1 {
			b = append(b, 0)
		}
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// TestOrientationOfPNGAndWebP: each orientation, in each order of bytes, before the
// pixels and behind them; a broken block is none.
func TestOrientationOfPNGAndWebP(t *testing.T) {
	scene := noise(7, 5)
	inverse := [9]int{0, 1, 2, 3, 4, 5, 8, 7, 6}
	for o := 1; o <= 8; o++ {
		file := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, orient(scene, inverse[o])) })
		const head, end = 8 + 25, 12 // up to the end of IHDR; IEND
		for _, block := range [][]byte{tiff(binary.LittleEndian, "II*\x00", uint16(o)), tiff(binary.BigEndian, "MM\x00*", uint16(o))} {
			exif := chunk("eXIf", block)
			bad := bytes.Clone(exif)
			bad[len(bad)-1] ^= 1
			other := chunk("teXt", []byte("odd"))
			for where, b := range map[string][]byte{
				"before": slices.Concat(file[:head], other, exif, file[head:]),
				"behind": slices.Concat(file[:len(file)-end], exif, file[len(file)-end:]),
			} {
				if got, err := Decode(b); err != nil || got.Rect != scene.Rect || !bytes.Equal(got.Pix, scene.Pix) {
					t.Errorf("png, orientation %d %s the pixels: %v, or another picture", o, where, err)
				}
			}
			if got := pngOrientation(slices.Concat(file[:head], bad, file[head:])); got != 1 {
				t.Errorf("png, orientation %d with a wrong sum: %d", o, got)
			}
			for _, b := range [][]byte{webpWith("ICCP", "odd", "EXIF", string(block)), webpWith("EXIF", "Exif\x00\x00"+string(block))} {
				if _, err := Decode(b); err != nil || exifOrientation("webp", b) != o {
					t.Errorf("webp: orientation %d, want %d, %v", exifOrientation("webp", b), o, err)
				}
			}
		}
	}
	for n := range len(webpWith("EXIF", "II*\x00")) {
		webpOrientation(webpWith("EXIF", "II*\x00")[:n])
	}
	if o := exifOrientation("gif", webpWith("EXIF", string(tiff(binary.LittleEndian, "II*\x00", 6)))); o != 1 {
		t.Errorf("gif: orientation %d, want none", o)
	}
}

func TestTensorAndBack(t *testing.T) {
	img := noise(7, 5)
	img.Pix[3] = 255
	x := ToTensor(img)
	if !x.Shape.Equal(tensor.Shape{1, 5, 7, 3}) {
		t.Fatalf("shape %v", x.Shape)
	}
	if back := ToImage(x, 0); !bytes.Equal(back.Pix, img.Pix) {
		t.Error("bytes change on the way to a tensor and back")
	}
	sub := img.SubImage(image.Rect(2, 1, 6, 4)).(*image.NRGBA)
	if y := ToTensor(sub); y.Data[0] != x.Data[3*(7+2)] || !y.Shape.Equal(tensor.Shape{1, 3, 4, 3}) {
		t.Error("a part of a picture gives other pixels")
	}
	for give, want := range map[float32]byte{-2: 0, -1: 0, 0: 128, 1: 255, 9: 255, float32(math.NaN()): 0, float32(math.Inf(1)): 255} {
		if Byte(give) != want {
			t.Errorf("Byte(%g) = %d, want %d", give, Byte(give), want)
		}
	}
	batch := tensor.New(2, 1, 1, 3)
	batch.Data[3] = 1
	if ToImage(batch, 1).Pix[0] != 255 || ToImage(batch, 0).Pix[0] != 128 {
		t.Error("ToImage takes the wrong picture of the batch")
	}
}

func TestResize(t *testing.T) {
	flat := image.NewNRGBA(image.Rect(0, 0, 31, 9))
	for i := range flat.Pix {
		flat.Pix[i] = [4]byte{10, 100, 200, 255}[i%4]
	}
	for _, size := range [][2]int{{1, 1}, {7, 8}, {62, 18}, {31, 9}} {
		got := Resize(flat, size[0], size[1])
		if got.Rect != image.Rect(0, 0, size[0], size[1]) {
			t.Errorf("size %v, want %v", got.Rect, size)
		}
		for i, v := range got.Pix {
			if want := flat.Pix[i%4]; max(v, want)-min(v, want) > 1 {
				t.Fatalf("%v: byte %d is %d, want %d", size, i, v, want)
			}
		}
	}
	same := Resize(flat, 31, 9)
	same.Pix[0] = 1
	if flat.Pix[0] != 10 {
		t.Error("Resize shares its argument's pixels")
	}
}

func FuzzDecode(f *testing.F) {
	file := encode(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, noise(9, 7), nil) })
	f.Add(withExif(file, binary.BigEndian, "MM\x00*", 6))
	f.Add(encode(f, func(b *bytes.Buffer) error { return png.Encode(b, noise(5, 4)) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return gif.Encode(b, noise(5, 4), nil) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return bmp.Encode(b, noise(5, 4)) }))
	f.Add([]byte(tinyWebP))
	f.Add(webpWith("EXIF", string(tiff(binary.LittleEndian, "II*\x00", 3))))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range []string{"jpeg", "png", "webp", "gif"} {
			if o := exifOrientation(format, b); o < 1 || o > 8 {
				t.Errorf("%s: orientation %d", format, o)
			}
		}
		webpFrameSize(b)
		_, _, _, probed := Probe(b)
		img, err := Decode(b)
		if err != nil {
			return
		}
		if probed != nil {
			t.Errorf("decoded, but not probed: %v", probed)
		}
		if w, h := img.Rect.Dx(), img.Rect.Dy(); w < 1 || h < 1 || w*h > MaxPixels || len(img.Pix) != 4*w*h || img.Rect.Min != (image.Point{}) {
			t.Errorf("picture %v of %d bytes", img.Rect, len(img.Pix))
		}
	})
}
