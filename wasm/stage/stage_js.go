package main

import (
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hajimehoshi/ebiten/v2"

	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/layer"
	"mien/shared/pixel"
)

// easing is how long the stage takes from one field to the next.
const easing = 120 * time.Millisecond

// maxShown is the largest side of the photo as a texture, in pixels: more than
// a display shows.
const maxShown = 2048

// stage is the Ebiten game. Its verbs and Update run on the same thread.
type stage struct {
	shader        *ebiten.Shader
	layersShader  *ebiten.Shader
	layers        layers
	photo         *ebiten.Image
	warp, paint   *ebiten.Image // the field
	shade         *ebiten.Image
	frame         face.Frame // of the texture, in its pixels
	inverse       face.Frame
	scale         [2]float64 // texture pixels per photo pixel
	zoom          bool       // to the face
	from, to      edit.Field
	shown         edit.Field
	began         time.Time
	easing        bool
	before        bool
	dirty         bool
	wide, high    int
	told          string
	warpB, paintB []byte
	shadeB        []byte
}

func newStage() (*stage, error) {
	sh, err := ebiten.NewShader([]byte(strings.ReplaceAll(shader, "WARPMAX", strconv.FormatFloat(warpMax, 'f', -1, 64))))
	if err != nil {
		return nil, fmt.Errorf("compile shader: %w", err)
	}
	text := layersShader
	for name, v := range map[string]float64{"SHARP": layer.Sharpness, "PATCHWIDTH": layer.PatchWidth, "PATCHHEIGHT": layer.PatchHeight, "LIGHTSIZE": layer.LightSize, "UNLIT": layer.Unlit} {
		text = strings.ReplaceAll(text, name, "("+strconv.FormatFloat(v, 'f', 4, 64)+")")
	}
	ls, err := ebiten.NewShader([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("compile shader of layers: %w", err)
	}
	return &stage{shader: sh, layersShader: ls, dirty: true}, nil
}

// setPhoto shows a new photo; the stage keeps rgba.
func (s *stage) setPhoto(rgba []byte, w, h int, frame face.Frame) {
	img := &image.NRGBA{Pix: rgba, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
	if side := max(w, h); side > maxShown {
		k := float64(maxShown) / float64(side)
		img = pixel.Resize(img, max(1, int(float64(w)*k+.5)), max(1, int(float64(h)*k+.5)))
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	if s.photo != nil {
		s.photo.Deallocate()
	}
	s.photo = ebiten.NewImage(img.Rect.Dx(), img.Rect.Dy())
	s.photo.WritePixels(img.Pix)
	s.scale = [2]float64{float64(img.Rect.Dx()) / float64(w), float64(img.Rect.Dy()) / float64(h)}
	s.setFrame(frame)
}

// setFrame shows the photo as it is and takes the frame, in the photo's pixels,
// for the fields to come.
func (s *stage) setFrame(frame face.Frame) {
	for i := range 3 {
		frame.A[i] *= s.scale[0]
		frame.A[3+i] *= s.scale[1]
	}
	inverse, err := frame.Inverse()
	if err != nil {
		return
	}
	s.frame, s.inverse = frame, inverse
	s.from, s.to, s.shown, s.easing, s.dirty = edit.Field{}, edit.Field{}, edit.Field{}, false, true
	s.layers.rest, s.layers.from, s.layers.to, s.layers.shown = nil, nil, nil, nil
}

// zoomReach is how much around the face a zoomed stage shows, in half frames.
const zoomReach = 1.5

// view returns the part of the photo to show, in the texture's pixels: all of
// it, or the face and what is around it.
func (s *stage) view() (x, y, w, h float64) {
	w, h = float64(s.photo.Bounds().Dx()), float64(s.photo.Bounds().Dy())
	if !s.zoom {
		return 0, 0, w, h
	}
	side := 2 * zoomReach * s.frame.Scale()
	across, down := min(side, w), min(side, h)
	x = min(max(s.frame.A[2]-across/2, 0), w-across)
	y = min(max(s.frame.A[5]-down/2, 0), h-down)
	return x, y, across, down
}

// setField eases from what is shown to f.
func (s *stage) setField(f edit.Field) {
	s.from, s.to, s.began, s.easing, s.dirty = s.shown, f, time.Now(), true, true
	if s.layers.rest != nil {
		s.layers.from, s.layers.to = s.layers.shown, s.layers.rest
	}
	s.say("easing")
}

// Update implements ebiten.Game.
func (s *stage) Update() error {
	if !s.easing {
		return nil
	}
	t := float32(time.Since(s.began)) / float32(easing)
	s.shown = edit.Lerp(s.from, s.to, t)
	if s.layers.rest != nil {
		s.layers.shown = layer.Lerp(s.layers.from, s.layers.to, t)
	}
	s.easing, s.dirty = t < 1, true
	return nil
}

// Draw implements ebiten.Game. Nothing new, nothing drawn: the screen is not
// cleared between frames.
func (s *stage) Draw(screen *ebiten.Image) {
	if !s.dirty || s.photo == nil {
		return
	}
	s.dirty = s.easing
	screen.Clear()
	size := s.upload()
	x0, y0, across, down := s.view()
	fit := min(float64(s.wide)/across, float64(s.high)/down)
	left := float32(math.Floor((float64(s.wide)-across*fit)/2 - x0*fit))
	top := float32(math.Floor((float64(s.high)-down*fit)/2 - y0*fit))
	tellView(float64(left)/float64(s.wide), float64(top)/float64(s.high), fit*s.scale[0]/float64(s.wide), fit*s.scale[1]/float64(s.high))
	if size == 0 {
		s.drawLayers(screen, fit, left, top, s.layers.moved() && !s.before)
	} else {
		s.drawField(screen, size, fit, left, top)
	}
	tell("ready", "1")
	if !s.easing {
		s.say("idle")
	}
}

// drawField draws the photo with the shown field applied to it.
func (s *stage) drawField(screen *ebiten.Image, size int, fit float64, left, top float32) {
	w, h := float64(s.photo.Bounds().Dx()), float64(s.photo.Bounds().Dy())
	a, b := s.frame.A, s.inverse.A
	o := &ebiten.DrawTrianglesShaderOptions{Uniforms: map[string]any{
		"Scale": float32(1 / fit), "Offset": []float32{left, top}, "Photo": []float32{float32(w), float32(h)},
		"Inverse":   []float32{float32(b[0]), float32(b[1]), float32(b[3]), float32(b[4])},
		"InverseAt": []float32{float32(b[2]), float32(b[5])},
		"Forward":   []float32{float32(a[0]), float32(a[1]), float32(a[3]), float32(a[4])},
		"Size":      float32(size),
	}}
	o.Images = [4]*ebiten.Image{s.photo, s.warp, s.paint, s.shade}
	x, y := float32(s.wide), float32(s.high)
	corners := []ebiten.Vertex{{}, {DstX: x, SrcX: float32(w)}, {DstY: y, SrcY: float32(h)}, {DstX: x, DstY: y, SrcX: float32(w), SrcY: float32(h)}}
	screen.DrawTrianglesShader(corners, []uint16{0, 1, 2, 1, 2, 3}, s.shader, o)
}

// upload brings the shown field into its textures and returns its size.
func (s *stage) upload() int {
	f := s.shown
	size := f.Size
	if s.before || f.IsZero() {
		size = 0
	}
	side := max(f.Size, 1)
	if s.warp == nil || s.warp.Bounds().Dx() != side {
		s.warp, s.paint = ebiten.NewImage(side, side), ebiten.NewImage(side, side)
		s.shade = ebiten.NewImage(side, side)
		s.warpB, s.paintB, s.shadeB = make([]byte, 4*side*side), make([]byte, 4*side*side), make([]byte, 4*side*side)
	}
	if size > 0 {
		warpBytes(s.warpB, f)
		paintBytes(s.paintB, f)
		shadeBytes(s.shadeB, f)
		s.warp.WritePixels(s.warpB)
		s.paint.WritePixels(s.paintB)
		s.shade.WritePixels(s.shadeB)
	}
	return size
}

// say tells the page whether the stage moves.
func (s *stage) say(state string) {
	if s.told != state {
		s.told = state
		tell("stage", state)
	}
}

// Layout implements ebiten.Game.
func (s *stage) Layout(w, h int) (int, int) {
	k := ebiten.Monitor().DeviceScaleFactor()
	wide, high := max(1, int(float64(w)*k)), max(1, int(float64(h)*k))
	if wide != s.wide || high != s.high {
		s.wide, s.high, s.dirty = wide, high, true
	}
	return wide, high
}
