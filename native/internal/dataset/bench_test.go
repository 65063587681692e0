package dataset

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mien/shared/au"
	"mien/shared/tensor"
)

// million writes the index of a million rows with landmarks, made as Index makes
// it from tables.
func million(b *testing.B, root string) {
	const rows = 1_000_000
	dir := filepath.Join(root, "a", "processed")
	if err := os.MkdirAll(filepath.Join(dir, facesName), 0o755); err != nil {
		b.Fatal(err)
	}
	r := tensor.NewRand(1, 1, 1, 1)
	tables := map[string]func(w *bufio.Writer, i int){
		tableName: func(w *bufio.Writer, i int) {
			if i < 0 {
				w.WriteString(strings.TrimSpace(header("_r")))
				return
			}
			fmt.Fprintf(w, "%d,0.98,1", i)
			for range au.Count {
				fmt.Fprintf(w, ",%d.%02d", r.Intn(5), r.Intn(100))
			}
		},
		metaName: func(w *bufio.Writer, i int) {
			if i < 0 {
				w.WriteString("frame,identity,pose_Rx,pose_Ry,pose_Rz")
				return
			}
			fmt.Fprintf(w, "%d,person %d,.1,.2,.3", i, i/3)
		},
		landmarksName: func(w *bufio.Writer, i int) {
			if i < 0 {
				w.WriteString("frame")
				for k := range 68 {
					fmt.Fprintf(w, ",x%d,y%d", k, k)
				}
				return
			}
			fmt.Fprintf(w, "%d%s", i, strings.Repeat(",64.25", 136))
		},
	}
	for name, row := range tables {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		for i := -1; i < rows; i++ {
			row(w, i)
			w.WriteByte('\n')
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	// A million small files would measure the file system: they are hard links
	// of one, or as many as it allows.
	first := filepath.Join(dir, facesName, "frame_det_00_000000.jpg")
	if err := os.WriteFile(first, jpegFace(b, 112), 0o644); err != nil {
		b.Fatal(err)
	}
	of := first
	for i := 1; i < rows; i++ {
		to := filepath.Join(dir, facesName, fmt.Sprintf("frame_det_00_%06d.jpg", i))
		if i%60000 == 0 {
			of = to
			if err := os.WriteFile(of, jpegFace(b, 112), 0o644); err != nil {
				b.Fatal(err)
			}
			continue
		}
		if err := os.Link(of, to); err != nil {
			b.Fatal(err)
		}
	}
}

func jpegFace(b *testing.B, size int) []byte {
	r := tensor.NewRand(2, 2, 2, 2)
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			v := uint8(x*3/2 + y/2 + r.Intn(9))
			img.Set(x, y, color.NRGBA{v, v / 2, 255 - v, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// heap returns the megabytes that are in use after a collection.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// BenchmarkMillion opens a data set of a million rows from its index: the time
// until faces can be drawn (promise: 10 s) and the memory that it takes
// (promise: 1 GB), and the same for making the index.
func BenchmarkMillion(b *testing.B) {
	root := b.TempDir()
	million(b, root)
	for b.Loop() {
		before := heap()
		began := time.Now()
		if _, err := Index(context.Background(), root, Intensity, nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/index")
		began = time.Now()
		d, err := Open(context.Background(), root, Options{Size: 112, ValidationFraction: .05})
		if err != nil || !d.Indexed {
			b.Fatal(d, err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/open")
		b.ReportMetric(heap()-before, "MB")
		if _, _, l, _, err := d.Train.Sample(12345); err != nil || l == nil {
			b.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapSys)/1e6, "MB-peak")
		d.Close()
	}
}

// BenchmarkLoad measures faces a second that are read and decoded, from folder
// and from shards, of 112 pixels to 112 and of 128 to 64.
func BenchmarkLoad(b *testing.B) {
	for _, size := range [][2]int{{112, 112}, {128, 64}} {
		root, out := b.TempDir(), b.TempDir()
		dir := filepath.Join(root, "a", "processed")
		if err := os.MkdirAll(filepath.Join(dir, facesName), 0o755); err != nil {
			b.Fatal(err)
		}
		table, face := header("_r"), jpegFace(b, size[0])
		const faces = 500
		for i := range faces {
			table += line(i, 1, "1")
			if err := os.WriteFile(filepath.Join(dir, facesName, fmt.Sprintf("frame_det_00_%06d.jpg", i)), face, 0o644); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, tableName), []byte(table), 0o644); err != nil {
			b.Fatal(err)
		}
		if _, err := Shard(context.Background(), root, out, ShardOptions{}); err != nil {
			b.Fatal(err)
		}
		for name, dir := range map[string]string{"folder": root, "shards": out} {
			b.Run(fmt.Sprintf("%s/%d-%d", name, size[0], size[1]), func(b *testing.B) {
				d, err := Open(context.Background(), dir, Options{Size: size[1], Memory: 1})
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				b.RunParallel(func(p *testing.PB) {
					for i := 0; p.Next(); i++ {
						if _, _, _, _, err := d.Train.Sample(i * 7919 % faces); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "faces/s")
			})
		}
	}
}
