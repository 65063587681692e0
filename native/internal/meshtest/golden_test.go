// Package meshtest compares the imported face networks with what TensorFlow.js
// makes of MediaPipe's own.
package meshtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"mien/native/internal/synth"
	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/device/ref"
	"mien/shared/device/webgpu"
	"mien/shared/model"
	"mien/shared/tensor"
	"mien/weights"
)

// faces are the pictures that tools/golden/mesh.cjs was given, [side side 3]:
// the bundled portrait, whole and half out of the picture, and three drawn faces.
func faces(t testing.TB, side int) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"portrait": portrait(t, side, 0), "half": portrait(t, side, 90)}
	drawn, err := synth.NewSource(side, 3*drawnApart, 32)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		picture, _, _, _, err := drawn.Sample(i * drawnApart)
		if err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprintf("drawn%d", i)] = picture
	}
	return all
}

// drawnApart is far enough for two faces to be of different people.
const drawnApart = 7

// portrait cuts the face out of the bundled portrait: 192 pixels as they are for
// the mesh network, 256 in blocks of 2 x 2 for the detector; further right by some.
func portrait(t testing.TB, side, right int) []byte {
	t.Helper()
	f, err := os.Open("../../../web/portrait/astronaut.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	at, block := image.Pt(130+right, 24), 1
	if side == 128 {
		at, block = image.Pt(98+right, 0), 2
	}
	var picture []byte
	for y := range side {
		for x := range side {
			var sum [3]uint32
			for k := range block * block {
				r, g, b, _ := img.At(at.X+x*block+k%block, at.Y+y*block+k/block).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
			}
			n := uint32(block * block)
			picture = append(picture, byte(sum[0]/n), byte(sum[1]/n), byte(sum[2]/n))
		}
	}
	return picture
}

// photo turns bytes into a network's input, v*scale + shift.
func photo(picture []byte, side int, scale, shift float32) *tensor.Tensor {
	p := tensor.New(1, side, side, 3)
	for i, v := range picture {
		p.Data[i] = float32(v)*scale + shift
	}
	return p
}

// golden reads what TensorFlow.js gave.
func golden(t *testing.T, name string) []float32 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".i16"))
	if err != nil {
		t.Fatal(err)
	}
	var x []float32
	for ; len(b) >= 2; b = b[2:] {
		x = append(x, float32(int16(binary.LittleEndian.Uint16(b)))/128)
	}
	return x
}

func shipped(t testing.TB, kind string) *model.File {
	t.Helper()
	b, err := weights.Shipped(kind)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// tolerance is how far an output may be off, pixels of the network's picture. The
// goldens themselves are rounded to 1/128. It is that of single precision: the
// original's weights are of half precision, so that our files lose nothing.
const tolerance = .05

var devices = []struct {
	name string
	make func(t *testing.T) device.Device
	slow bool // one picture is enough: devices are compared step by step elsewhere
}{
	{"ref", func(*testing.T) device.Device { return ref.New() }, true},
	{"cpu", func(*testing.T) device.Device { return cpu.New() }, false},
	{"webgpu", openGPU, false},
}

// openGPU returns the first GPU where MIEN_MESH_GPU is set: a software one takes
// long to compile so many kernels.
func openGPU(t *testing.T) device.Device {
	if os.Getenv("MIEN_MESH_GPU") == "" {
		t.Skip("the face networks are not run on a GPU; MIEN_MESH_GPU=1 does")
	}
	d, err := webgpu.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestMeshGoldens(t *testing.T) {
	if dir := os.Getenv("MIEN_GOLDEN_INPUTS"); dir != "" {
		for _, side := range []int{128, 192} {
			for name, picture := range faces(t, side) {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.%d.rgb", name, side)), picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, d := range devices {
		t.Run(d.name, func(t *testing.T) {
			net, err := model.LoadMesh(shipped(t, model.KindMesh), d.make(t))
			if err != nil {
				t.Fatal(err)
			}
			defer net.Close()
			for name, picture := range faces(t, net.Size()) {
				if d.slow && name != "half" {
					continue
				}
				parts, presence, err := net.Parts(context.Background(), photo(picture, net.Size(), 1./255, 0))
				if err != nil {
					t.Fatal(err)
				}
				want := golden(t, name+".mesh")
				for _, part := range []struct {
					name string
					got  []float32
				}{
					{"mesh", parts.Skin[:]}, {"lips", parts.Lips[:]}, {"left eye", parts.LeftEye[:]}, {"right eye", parts.RightEye[:]},
					{"left iris", parts.LeftIris[:]}, {"right iris", parts.RightIris[:]},
					{"presence", []float32{presence}},
				} {
					compare(t, name+" "+part.name, part.got, want[:len(part.got)])
					want = want[len(part.got):]
				}
				if len(want) != 0 {
					t.Errorf("%s: %d numbers of the golden are left", name, len(want))
				}
			}
		})
	}
}

func TestDetectorGoldens(t *testing.T) {
	for _, d := range devices {
		t.Run(d.name, func(t *testing.T) {
			net, err := model.LoadDetector(shipped(t, model.KindDetector), d.make(t))
			if err != nil {
				t.Fatal(err)
			}
			defer net.Close()
			for name, picture := range faces(t, net.Size()) {
				if d.slow && name != "half" {
					continue
				}
				boxes, scores, err := net.Detect(context.Background(), photo(picture, net.Size(), 1/127.5, -1))
				if err != nil {
					t.Fatal(err)
				}
				var got []float32
				for i := range model.Anchors {
					got = append(append(got, scores[i]), boxes[i*model.AnchorNumbers:][:model.AnchorNumbers]...)
				}
				compare(t, name, got, golden(t, name+".detector"))
			}
		})
	}
}

func compare(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", name, len(got), len(want))
		return
	}
	worst, at := 0., 0
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= tolerance) {
		t.Errorf("%s: number %d is %g, want %g", name, at, got[at], want[at])
	}
	t.Logf("%s: off by %.4f at most", name, worst)
}
