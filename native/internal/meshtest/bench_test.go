package meshtest

import (
	"context"
	"runtime"
	"testing"

	"mien/shared/device/cpu"
	"mien/shared/model"
)

// BenchmarkFace times the face networks on one core, natively.
func BenchmarkFace(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ctx := context.Background()
	b.Run("mesh", func(b *testing.B) {
		net, err := model.LoadMesh(shipped(b, model.KindMesh), cpu.New())
		if err != nil {
			b.Fatal(err)
		}
		defer net.Close()
		p := photo(portrait(b, net.Size(), 0), net.Size(), 1./255, 0)
		for b.Loop() {
			if _, _, err := net.Mesh(ctx, p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("detector", func(b *testing.B) {
		net, err := model.LoadDetector(shipped(b, model.KindDetector), cpu.New())
		if err != nil {
			b.Fatal(err)
		}
		defer net.Close()
		p := photo(portrait(b, net.Size(), 0), net.Size(), 1/127.5, -1)
		for b.Loop() {
			if _, _, err := net.Detect(ctx, p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
