package train

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"mien/native/internal/checkpoint"
	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/device/cpu"
)

// BenchmarkSave reports how long a save holds the loop up (the copy), beside a
// step of the same preset and the write that goes on next to it.
func BenchmarkSave(b *testing.B) {
	for _, preset := range []string{"tiny", "mien", "e8"} {
		b.Run(preset, func(b *testing.B) {
			drill, err := NewDrill(context.Background(), cpu.New(), preset, 8)
			if err != nil {
				b.Fatal(err)
			}
			defer drill.Close()
			dir := b.TempDir()
			store, err := checkpoint.Open(vfs.OS, dir)
			if err != nil {
				b.Fatal(err)
			}
			log, err := runlog.Open(filepath.Join(dir, logName))
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			r := &run{engine: drill.engine, log: log, saver: &saver{store: store, log: log, values: map[string][]float32{}}}
			var step, held, write time.Duration
			least := func(d *time.Duration, since time.Time) {
				if took := time.Since(since); *d == 0 || took < *d {
					*d = took
				}
			}
			for b.Loop() {
				began := time.Now()
				if err := drill.Run(context.Background()); err != nil {
					b.Fatal(err)
				}
				least(&step, began)
				began = time.Now()
				if err := r.save(); err != nil {
					b.Fatal(err)
				}
				least(&held, began)
				if err := r.acknowledge(true); err != nil {
					b.Fatal(err)
				}
				least(&write, began)
				r.at.Step++
			}
			b.ReportMetric(held.Seconds()*1e3, "ms-held")
			b.ReportMetric(step.Seconds()*1e3, "ms-step")
			b.ReportMetric(write.Seconds()*1e3, "ms-written")
		})
	}
}
