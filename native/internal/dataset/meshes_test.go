package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mien/shared/face"
	"mien/shared/model"
	"mien/weights"
)

// someMesh returns a mesh whose frame is the 128-pixel crop moved by the similarity m
// (of normalised coordinates).
func someMesh(t *testing.T, m face.Frame) face.Mesh {
	t.Helper()
	b, err := weights.Shipped(model.KindCanonical)
	if err != nil {
		t.Fatal(err)
	}
	file, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := model.LoadCanonical(file)
	if err != nil {
		t.Fatal(err)
	}
	var mesh face.Mesh
	for i, p := range canonical.Points {
		mesh[i] = [3]float32{p[0], -p[1], -p[2]}
	}
	inverse, err := mesh.Frame().Inverse()
	if err != nil {
		t.Fatal(err)
	}
	to := m.Then(crop128)
	for i, p := range mesh {
		u, v := inverse.Photo(float64(p[0]), float64(p[1]))
		x, y := to.Photo(u, v)
		mesh[i] = [3]float32{float32(x), float32(y), p[2] * float32(to.Scale()*inverse.Scale())}
	}
	return mesh
}

// turned is a frame that is off by a little.
var turned = face.Frame{A: [6]float64{1.1, -.2, .1, .2, 1.1, -.05}}

// counting is a finder that finds one mesh everywhere, in pixels of the picture.
type counting struct {
	mesh     face.Mesh // in pixels of 128
	presence float32

	mu    sync.Mutex
	looks int
	stop  int // after so many
}

var errStopped = errors.New("stopped")

func (c *counting) At(_ context.Context, img *image.NRGBA, eyes [2][2]float64) (face.Face, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looks++; c.stop > 0 && c.looks > c.stop {
		return face.Face{}, errStopped
	}
	part := float64(img.Rect.Dx()) / face.FrameSize
	if math.Abs(eyes[0][0]-45.3*part) > 1e-9 || math.Abs(eyes[1][0]-83.6*part) > 1e-9 || math.Abs(eyes[1][1]-45*part) > 1e-9 {
		return face.Face{}, errors.New("eyes elsewhere")
	}
	f := face.Face{Mesh: c.mesh, Score: c.presence}
	for i := range f.Mesh {
		for k := range f.Mesh[i] {
			f.Mesh[i][k] *= float32(part)
		}
	}
	return f, nil
}

// wave writes a data set of n pictures that are smooth waves, 160 pixels a side.
func wave(t *testing.T, dir string, n int) {
	t.Helper()
	table := header("_r")
	var frames []int
	for i := range n {
		table += line(i, 1, "1")
		frames = append(frames, i)
	}
	writePart(t, dir, table, frames...)
	for i := range n {
		img := image.NewNRGBA(image.Rect(0, 0, 160, 160))
		for y := range 160 {
			for x := range 160 {
				img.Set(x, y, color.NRGBA{uint8(128 + 100*math.Sin(float64(x+3*i)/15)), uint8(128 + 100*math.Cos(float64(y)/12)), 90, 255})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, facesName, "frame_det_00_00000"+string(rune('0'+i))+".png")
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// make128 makes the meshes of a data set by f.
func make128(t *testing.T, root string, f *counting, o MeshOptions) (MeshReport, error) {
	t.Helper()
	o.Finders = []MeshFinder{f, f}
	return Meshes(context.Background(), root, o)
}

func TestMeshesAlignTheFaces(t *testing.T) {
	root := t.TempDir()
	wave(t, filepath.Join(root, "a", "processed"), 4)
	f := &counting{mesh: someMesh(t, turned), presence: .9}
	r, err := make128(t, root, f, MeshOptions{})
	if err != nil || r.Made != 4 || r.Known != 0 || len(r.Files) != 1 || r.Files[0] != filepath.Join(root, "a", "processed", "meshes.bin") {
		t.Fatalf("%+v, %v", r, err)
	}
	d, err := Open(context.Background(), root, Options{Size: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Meshed != 4 || d.BadMeshes != nil {
		t.Fatalf("%d faces with a mesh, %v, want 4", d.Meshed, d.BadMeshes)
	}
	img, _, _, _, err := d.Train.Sample(0)
	if err != nil {
		t.Fatal(err)
	}
	// The frame's pixels show the wave where the frame says.
	var worst float64
	for y := range 64 {
		for x := range 64 {
			u, v := (2*float64(x)+1)/64-1, (2*float64(y)+1)/64-1
			px, py := turned.Then(crop128).Photo(u, v)
			px, py = px*160/128-.5, py*160/128-.5
			if px < 1 || py < 1 || px > 158 || py > 158 {
				continue
			}
			worst = max(worst, math.Abs(float64(img[(y*64+x)*3])-(128+100*math.Sin(px/15))),
				math.Abs(float64(img[(y*64+x)*3+1])-(128+100*math.Cos(py/12))))
		}
	}
	if worst > 4 {
		t.Errorf("pixels are off by up to %g of 255, want 4 at most", worst)
	}
	m, ok := d.Train.Mesh(0)
	if !ok {
		t.Fatal("no mesh")
	}
	frame := m.Frame()
	for i, a := range frame.A {
		if math.Abs(a-crop128.A[i]) > .05 {
			t.Errorf("frame of the mesh %v, want that of the crop %v", frame.A, crop128.A)
			break
		}
	}
	var _ Meshed = d.Train
}

func TestMeshesMoveTheLandmarks(t *testing.T) {
	m := newMeshed(&[]face.Mesh{someMesh(t, turned)}[0])
	if m == nil {
		t.Fatal("no frame")
	}
	var l [68][2]float32
	l[0] = [2]float32{63.5, 63.5} // the middle of the crop
	inverse, err := turned.Inverse()
	if err != nil {
		t.Fatal(err)
	}
	u, v := inverse.Photo(0, 0)
	want := [2]float64{(u+1)*64 - .5, (v+1)*64 - .5}
	if got := m.landmarks(&l)[0]; math.Hypot(float64(got[0])-want[0], float64(got[1])-want[1]) > 1e-2 {
		t.Errorf("landmark at %v, want %v", got, want)
	}
}

func TestMeshesGoOn(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "processed")
	wave(t, dir, 6)
	f := &counting{mesh: someMesh(t, turned), presence: .9, stop: 3}
	path := filepath.Join(dir, meshName)
	if _, err := make128(t, root, f, MeshOptions{}); !errors.Is(err, errStopped) {
		t.Fatalf("error %v, want that of the finder", err)
	}
	info, err := os.Stat(path)
	if err != nil || (info.Size()-int64(meshHead))%meshBytes != 0 || info.Size() < int64(meshHead)+2*meshBytes {
		t.Fatalf("%d bytes, %v: want what was found", info.Size(), err)
	}
	// The machine stops in the middle of a record.
	if err := os.Truncate(path, info.Size()-7); err != nil {
		t.Fatal(err)
	}
	kept := int(info.Size()-int64(meshHead))/meshBytes - 1
	f.looks, f.stop = 0, 0
	r, err := make128(t, root, f, MeshOptions{})
	if err != nil || r.Known != kept || r.Made != 6-kept || f.looks != 6-kept {
		t.Fatalf("%+v, %d looks, %v; want %d known", r, f.looks, err, kept)
	}
	// A picture that is another now, and a damaged record.
	name := filepath.Join(dir, facesName, "frame_det_00_000003.png")
	b, err := os.ReadFile(filepath.Join(dir, facesName, "frame_det_00_000000.png"))
	if err == nil {
		err = os.WriteFile(name, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), root, Options{Size: 16})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Train.Mesh(3); ok {
		t.Error("a mesh of another picture holds")
	}
	if _, ok := d.Train.Mesh(2); !ok {
		t.Error("no mesh of a picture that is the same")
	}
	d.Close()
	flip(t, path, meshHead+20)
	var said []string
	r, err = make128(t, root, f, MeshOptions{Say: func(s string) { said = append(said, s) }})
	if err != nil || r.Made < 1 || r.Made > 2 || r.Known+r.Made != 6 || len(said) != 1 || !strings.Contains(said[0], "1 damaged") {
		t.Fatalf("%+v, %v, %q", r, err, said)
	}
	// Another network begins anew.
	said = nil
	r, err = make128(t, root, f, MeshOptions{Network: sha256.Sum256([]byte("other")), Say: func(s string) { said = append(said, s) }})
	if err != nil || r.Made != 6 || len(said) != 1 || !strings.Contains(said[0], "another network") {
		t.Errorf("%+v, %v, %q", r, err, said)
	}
}

func TestMeshesOfNoFaceOrAnother(t *testing.T) {
	far := face.Frame{A: [6]float64{1, 0, .5, 0, 1, 0}}
	for name, f := range map[string]*counting{
		"no face": {mesh: someMesh(t, turned), presence: .4},
		"another": {mesh: someMesh(t, far), presence: .9},
		"no area": {presence: .9},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			wave(t, root, 1)
			if _, err := make128(t, root, f, MeshOptions{}); err != nil {
				t.Fatal(err)
			}
			d, err := Open(context.Background(), root, Options{Size: 160})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			img, _, _, _, err := d.Train.Sample(0)
			if err != nil || img[0] != 128 {
				t.Errorf("pixel %d, %v: want the picture as it is", img[0], err)
			}
			if _, ok := d.Train.Mesh(0); ok {
				t.Error("a mesh is known")
			}
		})
	}
}

func TestMeshesOfShards(t *testing.T) {
	root, out, elsewhere := t.TempDir(), t.TempDir(), t.TempDir()
	wave(t, filepath.Join(root, "a", "processed"), 3)
	shards(t, root, out)
	f := &counting{mesh: someMesh(t, turned), presence: .9}
	r, err := make128(t, out, f, MeshOptions{Out: elsewhere})
	if err != nil || r.Made != 3 || len(r.Files) != 2 || filepath.Dir(r.Files[1]) != elsewhere {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := open(t, out, Options{Size: 16}); d.Meshed != 0 {
		t.Error("meshes that lie elsewhere were found")
	}
	d := open(t, out, Options{Size: 16, Meshes: elsewhere})
	if _, ok := d.Train.Mesh(1); !ok {
		t.Error("no mesh")
	}
	if _, err := Open(context.Background(), out, Options{Size: 16, Meshes: root}); err == nil {
		t.Error("a folder without meshes is none to read them from")
	}
}

// TestMeshesWhereNobodyMayWrite falls back to the user's cache.
func TestMeshesWhereNobodyMayWrite(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write anywhere")
	}
	root, cache := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	wave(t, root, 1)
	if err := os.Chmod(root, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(root, 0o755)
	r, err := make128(t, root, &counting{mesh: someMesh(t, turned), presence: .9}, MeshOptions{})
	if err != nil || len(r.Files) != 1 || !strings.HasPrefix(r.Files[0], cache) {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := open(t, root, Options{Size: 16}); d.Meshed != 1 {
		t.Error("meshes in the cache are not found")
	}
}

func FuzzMeshFile(f *testing.F) {
	r := meshRecord{which: which{3, 1}, picture: 4, presence: .75}
	r.mesh[7] = [3]float32{1.5, 200, -30}
	whole := append(meshHeader(sha256.Sum256(nil)), r.append(nil)...)
	f.Add(whole)
	f.Add(whole[:meshHead+5])
	f.Add(whole[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readMeshHead(bytes.NewReader(b))
		if err != nil {
			return
		}
		for k := range m.records {
			r, err := m.read(k)
			if err != nil {
				continue
			}
			if got := r.append(nil); !bytes.Equal(got, b[m.at(k):][:meshBytes]) {
				t.Errorf("record %d reads as %x and writes as %x", k, b[m.at(k):][:meshBytes], got)
			}
			newMeshed(&r.mesh)
		}
	})
}

func TestMeshRecordsAreExact(t *testing.T) {
	r := meshRecord{which: which{3, 1}, picture: 4, presence: .75}
	r.mesh[7], r.mesh[477] = [3]float32{1.5, 200, -30}, [3]float32{-3, .0078125, 127}
	back, err := parseMesh(r.append(nil))
	if err != nil || back != r {
		t.Errorf("record comes back as %v, %v", back, err)
	}
	r.mesh[0][0] = 300
	if back, err = parseMesh(r.append(nil)); err != nil || back.presence != 0 {
		t.Errorf("a point beyond what can be written: presence %g, %v, want none", back.presence, err)
	}
	r.mesh[0][0] = float32(math.NaN())
	if back, err = parseMesh(r.append(nil)); err != nil || back.presence != 0 {
		t.Errorf("a point that is no number: presence %g, %v, want none", back.presence, err)
	}
}
