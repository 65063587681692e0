// Command worker is the part of the page that thinks: it finds the face, reads
// its Action Units and computes fields, in a Web Worker, so that the page never
// freezes. Messages are plain objects with a type; large arrays are moved, not
// copied.
package main

import (
	"context"
	"errors"
	"image"
	"slices"
	"syscall/js"
	"time"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/layer"
	"mien/shared/model"
	"mien/shared/rig"
)

// maxPixels bounds a photo; the page reduces larger ones before sending.
const maxPixels = 64 << 20

// worker holds the photo and the networks.
type worker struct {
	swap    *edit.Swap
	drawing *drawing
	editor  *edit.Editor
	shown   edit.Field   // the newest, of the photo that is set
	scene   *layer.Scene // likewise, where the face is drawn as layers
	queue   chan js.Value
}

func main() {
	home := cpu.New()
	w := &worker{swap: edit.NewSwap(home), queue: make(chan js.Value, 64)}
	w.drawing = newDrawing(w.swap, home)
	w.editor = edit.New(w.swap, nil, nil)
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		w.queue <- args[0].Get("data")
		return nil
	}))
	post(map[string]any{"type": "ready", "units": units(), "emotions": emotions(), "outlines": outlines()})
	for m := range w.queue {
		if err := w.handle(m); err != nil {
			post(map[string]any{"type": "error", "text": err.Error()})
		}
		w.drawing.look()
	}
}

// handle answers one message.
func (w *worker) handle(m js.Value) error {
	ctx := context.Background()
	switch m.Get("type").String() {
	case "photo":
		return w.photo(ctx, m)
	case "choose":
		return w.choose(ctx, m.Get("face").Int())
	case "mark":
		return w.mark(ctx, m.Get("eyes"))
	case "change":
		return w.change(ctx, m)
	case "weights":
		w.drawing.later(func() { w.weights(ctx, m) })
	case "device":
		w.drawing.later(func() { w.drawing.choose(ctx, m.Get("mode").String()) })
	case "reader":
		return w.reader(ctx, m)
	case "rig":
		return w.rig(m)
	case "finder":
		return w.finder(m)
	case "read":
		return w.read(ctx)
	case "picture":
		return w.picture(ctx, "picture", vector(m.Get("left")), vector(m.Get("right")))
	case "again":
		return w.picture(ctx, "again", au.Vector{}, au.Vector{})
	}
	return nil
}

// photo takes a new photo: rgba [h w 4].
func (w *worker) photo(ctx context.Context, m js.Value) error {
	width, height := m.Get("width").Int(), m.Get("height").Int()
	if width < 1 || height < 1 || width > maxPixels/height {
		return errors.New("the picture is too large or empty")
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	js.CopyBytesToGo(img.Pix, m.Get("rgba"))
	faces, read, err := w.editor.SetPhoto(ctx, img)
	w.shown, w.scene = edit.Field{}, nil
	if err != nil && !errors.Is(err, face.ErrNoFace) {
		return err
	}
	return w.tell(ctx, faces, read)
}

// tell says which faces the photo has, as boxes (x, y, width, height) in its
// pixels, and the frame and intensities of the first.
func (w *worker) tell(ctx context.Context, faces []face.Face, read au.Vector) error {
	boxes := make([]any, len(faces))
	for i, f := range faces {
		boxes[i] = []any{f.Box.Min.X, f.Box.Min.Y, f.Box.Dx(), f.Box.Dy()}
	}
	rest, err := w.rest(ctx)
	post(map[string]any{"type": "face", "faces": boxes, "frame": w.frame(), "mesh": w.mesh(), "rest": rest, "read": list(read)})
	return err
}

// choose edits another face of the photo.
func (w *worker) choose(ctx context.Context, i int) error {
	read, err := w.editor.Choose(ctx, i)
	w.shown, w.scene = edit.Field{}, nil
	if err != nil {
		return err
	}
	return w.chosen(ctx, i, read)
}

// mark edits the face whose eyes are at [x y x y], in the photo's pixels.
func (w *worker) mark(ctx context.Context, at js.Value) error {
	var eyes [2][2]float64
	for i := range 4 {
		eyes[i/2][i%2] = at.Index(i).Float()
	}
	read, err := w.editor.Mark(ctx, eyes)
	if err != nil {
		return err
	}
	w.shown, w.scene = edit.Field{}, nil
	return w.chosen(ctx, -1, read)
}

// chosen tells of the face that is edited now: which of those found, -1 for none of them.
func (w *worker) chosen(ctx context.Context, i int, read au.Vector) error {
	rest, err := w.rest(ctx)
	post(map[string]any{"type": "chosen", "face": i, "frame": w.frame(), "mesh": w.mesh(), "rest": rest, "read": list(read)})
	return err
}

// rest returns the scene of the face as the photo has it, with the triangles
// for all that follow; null where the face is not drawn as layers.
func (w *worker) rest(ctx context.Context) (any, error) {
	if !w.editor.Layered() {
		return nil, nil
	}
	s, err := w.editor.Scene(ctx, au.Vector{}, au.Vector{})
	if err != nil {
		return nil, err
	}
	return octets(s.Encode(true)), nil
}

// frame returns the frame of the face that is edited.
func (w *worker) frame() []any {
	f, _ := w.editor.Frame()
	frame := make([]any, len(f.A))
	for i, v := range f.A {
		frame[i] = v
	}
	return frame
}

// mesh returns x and y of the points of the face that is edited, null where only its
// frame is known.
func (w *worker) mesh() any {
	f, ok := w.editor.Face()
	if !ok {
		return nil
	}
	points := make([]float32, 0, 2*face.MeshPoints)
	for _, p := range f.Mesh {
		points = append(points, p[0], p[1])
	}
	return floats(points)
}

// outlines are the lines to draw of a mesh, as lists of its points.
func outlines() []any {
	var all []any
	closed := func(points []int) {
		line := make([]any, 0, len(points)+1)
		for _, p := range points {
			line = append(line, p)
		}
		all = append(all, append(line, points[0]))
	}
	closed(face.Oval[:])
	closed(face.LipsOuter[:])
	closed(face.LipsInner[:])
	for _, eye := range [...][16]int{face.RightEye, face.LeftEye} {
		closed(eye[:])
	}
	for _, iris := range [...][face.IrisPoints]int{face.RightIris, face.LeftIris} {
		closed(iris[1:])
	}
	for _, brow := range [...][10]int{face.RightBrow, face.LeftBrow} {
		edge := slices.Clone(brow[:5])
		for i := 9; i >= 5; i-- {
			edge = append(edge, brow[i])
		}
		closed(edge)
	}
	return all
}

// change computes the scene or the field of the slider state: a change for each
// half of the face, the picture's left one first.
func (w *worker) change(ctx context.Context, m js.Value) error {
	began := time.Now()
	if w.editor.Layered() {
		s, err := w.editor.Scene(ctx, vector(m.Get("left")), vector(m.Get("right")))
		if err != nil {
			post(map[string]any{"type": "idle"})
			return err
		}
		w.scene = s
		post(map[string]any{"type": "field", "device": "cpu", "scene": octets(s.Encode(false)), "ms": milliseconds64(time.Since(began)), "threads": cpu.Threads()})
		return nil
	}
	w.scene = nil
	f, err := w.editor.EditSides(ctx, vector(m.Get("left")), vector(m.Get("right")))
	if err != nil {
		post(map[string]any{"type": "idle"})
		return err
	}
	w.shown = f
	used, _ := w.swap.Device()
	answer := map[string]any{"type": "field", "device": name(used, w.drawing.home), "size": f.Size, "ms": milliseconds64(time.Since(began)), "threads": cpu.Threads()}
	if !f.IsZero() {
		answer["warp"], answer["shade"] = floats(f.Warp), floats(f.Shade)
		answer["mask"], answer["colour"] = floats(f.Mask), floats(f.Colour)
	}
	post(answer)
	return nil
}

// milliseconds64 is a time for the page.
func milliseconds64(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// read says what the reader sees in the face under the newest scene or field.
func (w *worker) read(ctx context.Context) error {
	v, err := w.editor.ReadScene(ctx, w.scene)
	if w.scene == nil {
		v, err = w.editor.ReadEdited(ctx, w.shown)
	}
	if err != nil {
		return err
	}
	post(map[string]any{"type": "read", "read": list(v)})
	return nil
}

// weights replaces the generator, unless the new one is not sound. It draws, but
// for one that is brought for faces that the rig cannot move.
func (w *worker) weights(ctx context.Context, m js.Value) {
	b := make([]byte, m.Get("bytes").Get("length").Int())
	js.CopyBytesToGo(b, m.Get("bytes"))
	info, err := w.swap.Load(ctx, b, m.Get("sha256").String())
	if err != nil {
		post(map[string]any{"type": "refused", "step": m.Get("step"), "text": err.Error()})
		return
	}
	w.editor.GeneratorFirst(!m.Get("fallback").Truthy())
	w.drawing.look()
	post(map[string]any{"type": "loaded", "step": info.Step, "preset": info.Preset, "size": info.Size, "licence": info.Licence})
}

// rig brings what moves faces, and what paints their mouths if there is one.
func (w *worker) rig(m js.Value) error {
	f, err := decode(m.Get("rig"))
	if err != nil {
		return err
	}
	r, err := rig.Load(f)
	if err != nil {
		return err
	}
	var painter layer.Painter
	if bytes := m.Get("mouth"); bytes.Truthy() {
		f, err := decode(bytes)
		if err != nil {
			return err
		}
		if painter, err = model.LoadMouth(f, cpu.New()); err != nil {
			return err
		}
	}
	w.editor.SetRigging(edit.NewRigging(r, painter))
	return nil
}

// finder brings the networks that find faces.
func (w *worker) finder(m js.Value) error {
	var files [2]*model.File
	for i, name := range [...]string{"detector", "mesh"} {
		var err error
		if files[i], err = decode(m.Get(name)); err != nil {
			return err
		}
	}
	f, err := model.LoadFinder(files[0], files[1], cpu.New(), 1)
	if err != nil {
		return err
	}
	w.editor.SetFinder(f)
	post(map[string]any{"type": "finding"})
	return nil
}

// reader brings the AU reader, which reads the photo that is set.
func (w *worker) reader(ctx context.Context, m js.Value) error {
	f, err := decode(m.Get("bytes"))
	if err != nil {
		return err
	}
	r, err := model.LoadReader(f, cpu.New())
	if err != nil {
		return err
	}
	read, err := w.editor.SetReader(ctx, r)
	if err != nil {
		return err
	}
	post(map[string]any{"type": "reading", "read": list(read)})
	return nil
}

// decode reads the model file in a Uint8Array.
func decode(bytes js.Value) (*model.File, error) {
	b := make([]byte, bytes.Get("length").Int())
	js.CopyBytesToGo(b, bytes)
	return model.Decode(b)
}

// picture renders the photo under a change of each half at its full resolution, as the
// answer to a message.
func (w *worker) picture(ctx context.Context, to string, left, right au.Vector) error {
	img, err := w.editor.PictureSides(ctx, left, right)
	if err != nil {
		return err
	}
	rgba := js.Global().Get("Uint8ClampedArray").New(len(img.Pix))
	js.CopyBytesToJS(rgba, img.Pix)
	rest, err := w.rest(ctx)
	post(map[string]any{"type": to, "width": img.Rect.Dx(), "height": img.Rect.Dy(), "rgba": rgba, "frame": w.frame(), "rest": rest})
	return err
}

// post sends a message to the page.
func post(m map[string]any) { js.Global().Call("postMessage", m) }

// vector reads 17 numbers; what is missing or no number is 0.
func vector(v js.Value) au.Vector {
	var d au.Vector
	for i := range min(len(d), v.Get("length").Int()) {
		if x := v.Index(i).Float(); x == x {
			d[i] = float32(x)
		}
	}
	return d.Clamp(-au.Max, au.Max)
}

func list(v au.Vector) []any {
	l := make([]any, len(v))
	for i, x := range v {
		l[i] = float64(x)
	}
	return l
}

func units() []any {
	var l []any
	for _, region := range au.Regions {
		for i, u := range au.Units {
			if u.Region == region {
				l = append(l, map[string]any{"index": i, "code": u.Code, "name": u.Name, "plain": u.Plain, "region": string(region)})
			}
		}
	}
	return l
}

func emotions() []any {
	var l []any
	for _, e := range au.Emotions {
		l = append(l, map[string]any{"name": e.Name, "values": list(e.Vector(au.Clear))})
	}
	return l
}
